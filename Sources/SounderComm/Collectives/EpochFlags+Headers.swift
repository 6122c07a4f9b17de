import CKernels

extension EpochFlags {
  /// Writes what this rank begins; it becomes visible with its next epoch.
  ///
  /// There are two places, used in turn: a rank may begin the next collective while another still
  /// compares this one, but not the one after that.
  func announce(_ header: CollectiveHeader, _ sequence: UInt64) {
    place(membership.localRank, sequence).pointee = header.record
  }

  /// Compares what all ranks have begun; the first pair that differs is the error on every rank.
  ///
  /// - Parameter number: what the collective is called in the message.
  func checkAnnouncements(_ sequence: UInt64, number: UInt64) throws {
    let first = record(of: 0, sequence)
    for other in 1..<max(membership.localSize, 1) {
      let record = record(of: other, sequence)
      if record.descriptor == first.descriptor && record.count == first.count { continue }
      let error = CommunicationError.mismatch(
        sequence: number, membership.ranks[0], CollectiveHeader(first), membership.ranks[other],
        CollectiveHeader(record))
      throw CommunicationError(error.kind, rank: membership.rank, error.message)
    }
  }

  private func record(of localRank: Int, _ sequence: UInt64) -> ck_header {
    place(localRank, sequence).pointee
  }

  private func place(_ localRank: Int, _ sequence: UInt64) -> UnsafeMutablePointer<ck_header> {
    let offset =
      EpochFlags.channelCount * MemoryLayout<ck_epoch>.stride
      + Int(sequence & 1) * MemoryLayout<ck_header>.stride
    return UnsafeMutableRawPointer(lines + localRank).advanced(by: offset)
      .assumingMemoryBound(to: ck_header.self)
  }
}
