import SounderComm

/// The headers of a bucket joined over hosts, without waiting.
final class HeaderExchange {
  private let own: UnsafeMutableBufferPointer<UInt64>
  private let others: [UnsafeMutableBufferPointer<UInt64>]
  private var transfers: [any Transfer] = []

  init(_ party: VectorSum.Party, _ words: [UInt64], tag: Int) throws {
    own = .allocate(capacity: words.count)
    _ = own.initialize(from: words)
    let hosts = party.ranks.indices.filter { $0 != party.host }
    others = hosts.map { _ in .allocate(capacity: words.count) }
    for (host, buffer) in zip(hosts, others) {
      buffer.initialize(repeating: 0)
      transfers.append(
        try party.channel.receive(
          UnsafeMutableRawBufferPointer(buffer), from: party.ranks[host], tag: tag))
      transfers.append(
        try party.channel.send(UnsafeRawBufferPointer(own), to: party.ranks[host], tag: tag))
    }
  }

  deinit {
    for transfer in transfers { transfer.abandon() }
    own.deallocate()
    for buffer in others { buffer.deallocate() }
  }

  /// The words joined by *or*, once complete.
  var words: [UInt64] {
    own.indices.map { index in others.reduce(own[index]) { $0 | $1[index] } }
  }

  /// Works on the exchange without waiting, and says whether it is complete.
  func isComplete() throws -> Bool { try transfers.allSatisfy { try $0.isComplete() } }

  /// The ranks this one still waits for.
  func missing() throws -> [Int] { try transfers.filter { try !$0.isComplete() }.map(\.peer) }
}
