import CKernels

/// The arithmetic of a lane: what this rank writes into its messages, and what it makes of those of others.
struct LaneSums {
  /// This rank's host.
  let host: Int
  /// The sums of this host, in the flat layout; the first also takes the outcome.
  let hostSums: [HostSum]
  let layout: BucketTransfer.Layout
  let shards: Int
  /// The type of each parameter.
  let elements: [FlatElement]

  private var outcome: UnsafeMutablePointer<Float> { hostSums[0].sum }

  /// Writes this host's sums of a part into a message.
  func write(_ part: PackedSegments, into message: MessageBuffer) {
    guard let format = layout.format else {
      for (index, sum) in hostSums.enumerated() {
        part.pack(sum.sum, into: message.floats + index * part.count)
      }
      return
    }
    withScratch(part.count) { values in
      join(part, into: values)
      format.encode(
        values, WirePlace(stage: .contribution, segments: part.segments),
        into: message.payload(at: 0, count: layout.byteCount(part.count)))
    }
  }

  /// Adds the contributions of all hosts to a bucket up, once they are here.
  func sum(_ transfer: BucketTransfer) {
    guard let format = layout.format else {
      return transfer.owned.eachSegment { segment, offset in
        add(leaves(of: transfer, segment, offset), root: 0..<shards, segment)
      }
    }
    let count = transfer.owned.count
    withScratch(count * layout.nodes.count) { values in
      for host in layout.nodes.indices {
        let own = UnsafeMutableBufferPointer(rebasing: values[host * count..<(host + 1) * count])
        if let message = transfer.received[host] ?? ownEncoding(of: transfer) {
          let bytes = message.payload(at: 0, count: layout.byteCount(count))
          format.decode(UnsafeRawBufferPointer(bytes), into: own)
        } else {
          join(transfer.owned, into: own)
        }
      }
      guard let base = values.baseAddress else { return }
      transfer.owned.eachSegment { segment, offset in
        let leaves = layout.nodes.indices.map { host in
          TreeSum.Leaf(
            node: host..<host + 1,
            base: UnsafePointer(base + host * count + offset - segment.range.lowerBound))
        }
        add(leaves, root: 0..<layout.nodes.count, segment)
      }
    }
  }

  /// What the other hosts read of this one, where all of them add up the same.
  private func ownEncoding(of transfer: BucketTransfer) -> MessageBuffer? {
    transfer.isWhole ? transfer.sent.compactMap { $0 }.first : nil
  }

  private func leaves(
    of transfer: BucketTransfer, _ segment: BucketPlan.Segment, _ offset: Int
  ) -> [TreeSum.Leaf] {
    layout.nodes.enumerated().flatMap { host, nodes in
      nodes.enumerated().map { index, node in
        guard let message = transfer.received[host] else {
          return TreeSum.Leaf(node: node, base: UnsafePointer(hostSums[index].sum))
        }
        let place = index * transfer.owned.count + offset - segment.range.lowerBound
        return TreeSum.Leaf(node: node, base: UnsafePointer(message.floats + place))
      }
    }
  }

  /// Adds leaves up, block by block, into the outcome.
  private func add(_ leaves: [TreeSum.Leaf], root: Range<Int>, _ segment: BucketPlan.Segment) {
    let sum = TreeSum(leaves: leaves, root: root)
    defer { sum.deallocate() }
    for begin in stride(
      from: segment.range.lowerBound, to: segment.range.upperBound, by: TreeSum.blockCount)
    {
      let block = begin..<min(begin + TreeSum.blockCount, segment.range.upperBound)
      (outcome + begin).update(
        from: sum.block(block, elements[segment.parameter]), count: block.count)
    }
  }

  /// This host's sums added up from left to right, for formats that lose bits anyway.
  private func join(_ part: PackedSegments, into values: UnsafeMutableBufferPointer<Float>) {
    guard let target = values.baseAddress else { return }
    part.pack(hostSums[0].sum, into: target)
    for next in hostSums.dropFirst() {
      part.eachSegment { segment, offset in
        ck_sum_f32(
          target + offset, target + offset, next.sum + segment.range.lowerBound,
          segment.range.count)
      }
    }
  }

  /// Writes the outcome of this rank's part; a format's readers and the writer go on with the same.
  func writeOutcome(_ part: PackedSegments, into message: MessageBuffer) {
    guard let format = layout.format else {
      return part.pack(outcome, into: message.floats)
    }
    withScratch(part.count) { values in
      if let target = values.baseAddress { part.pack(outcome, into: target) }
      format.encode(
        values, WirePlace(stage: .result, segments: part.segments),
        into: message.payload(at: 0, count: layout.byteCount(part.count)))
    }
    takeOutcome(part, from: message)
  }

  /// Takes over the outcome of a part.
  func takeOutcome(_ part: PackedSegments, from message: MessageBuffer) {
    guard let format = layout.format else {
      return part.unpack(message.floats, into: outcome)
    }
    withScratch(part.count) { values in
      let bytes = message.payload(at: 0, count: layout.byteCount(part.count))
      format.decode(UnsafeRawBufferPointer(bytes), into: values)
      if let source = values.baseAddress { part.unpack(source, into: outcome) }
    }
  }

  private func withScratch(
    _ count: Int, _ body: (UnsafeMutableBufferPointer<Float>) -> Void
  ) {
    let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
    defer { values.deallocate() }
    values.initialize(repeating: 0)
    body(values)
  }
}
