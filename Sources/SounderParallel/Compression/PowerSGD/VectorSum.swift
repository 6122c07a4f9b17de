import CKernels
import SounderComm

/// The sum of a vector over hosts, without waiting, to the same bits on all of them.
///
/// Each host owns one part of the vector: it receives the others' values of it, adds them in the order of
/// the hosts, and sends the sum back.
final class VectorSum {
  /// Who takes part: one rank of each host.
  struct Party {
    let channel: any TransferChannel
    /// The ranks, one for each host.
    let ranks: [Int]
    /// This host's place among them.
    let host: Int

    /// The places of the others.
    var otherHosts: [Int] { ranks.indices.filter { $0 != host } }
  }

  private enum Stage {
    case contributions
    case results
    case done
  }

  /// This host's values, and at the end the sum.
  let values: UnsafeMutableBufferPointer<Float>
  private let party: Party
  private let parts: [Range<Int>]
  private let tag: Int
  /// What other hosts have sent for this host's part.
  private let received: [UnsafeMutableBufferPointer<Float>]
  private var transfers: [any Transfer] = []
  private var stage = Stage.contributions
  /// Bytes sent so far.
  private(set) var sentBytes = 0

  /// Begins the sum.
  ///
  /// - Parameter tag: Uses this tag and the next one; other sums under way must have others.
  init(_ party: Party, _ values: some Collection<Float>, tag: Int) throws {
    self.party = party
    self.tag = tag
    self.values = .allocate(capacity: values.count)
    _ = self.values.initialize(from: values)
    let hosts = party.ranks.count
    let count = values.count
    parts = (0..<hosts).map { $0 * count / hosts..<($0 + 1) * count / hosts }
    let own = parts[party.host].count
    received = party.ranks.map { _ in .allocate(capacity: own) }
    for host in party.otherHosts {
      try receive(received[host], from: host, tag: tag)
      try send(parts[host], to: host, tag: tag)
    }
  }

  deinit {
    for transfer in transfers { transfer.abandon() }
    for buffer in received + [values] { buffer.deallocate() }
  }

  /// The ranks this one still waits for.
  func missing() throws -> [Int] { try transfers.filter { try !$0.isComplete() }.map(\.peer) }

  /// Works on the sum without waiting, and says whether it is complete.
  func isComplete() throws -> Bool {
    if stage == .done { return true }
    for transfer in transfers where try !transfer.isComplete() { return false }
    transfers = []
    if stage == .results {
      stage = .done
      return true
    }
    stage = .results
    addUp()
    for host in party.otherHosts {
      try receive(part(host), from: host, tag: tag + 1)
      try send(parts[party.host], to: host, tag: tag + 1)
    }
    return try isComplete()
  }

  private func part(_ host: Int) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(rebasing: values[parts[host]])
  }

  /// From host 0 on, whichever of them this is.
  private func addUp() {
    let own = part(party.host)
    guard let target = own.baseAddress, let place = received[party.host].baseAddress else { return }
    place.update(from: target, count: own.count)
    for (host, buffer) in received.enumerated() {
      guard let source = buffer.baseAddress else { continue }
      if host == 0 {
        target.update(from: source, count: own.count)
      } else {
        ck_sum_f32(target, target, source, own.count)
      }
    }
  }

  private func send(_ range: Range<Int>, to host: Int, tag: Int) throws {
    guard !range.isEmpty else { return }
    let bytes = UnsafeRawBufferPointer(UnsafeMutableBufferPointer(rebasing: values[range]))
    transfers.append(try party.channel.send(bytes, to: party.ranks[host], tag: tag))
    sentBytes += bytes.count
  }

  private func receive(
    _ buffer: UnsafeMutableBufferPointer<Float>, from host: Int, tag: Int
  ) throws {
    guard !buffer.isEmpty else { return }
    transfers.append(
      try party.channel.receive(
        UnsafeMutableRawBufferPointer(buffer), from: party.ranks[host], tag: tag))
  }
}
