import Testing

@testable import SounderComm

@Suite("Cores to spare")
struct CoreShareTests {
  private func share(_ machine: UInt64, _ cores: [Int]) -> CoreShare {
    var words = [UInt64](repeating: 0, count: CoreShare.wordCount)
    words[0] = machine
    for core in cores { words[1 + core / 64] |= 1 << UInt64(core % 64) }
    return CoreShare(words: words)
  }

  private func spare(_ shares: [CoreShare]) -> [Bool] {
    shares.indices.map { CoreShare.hasSpareCore($0, among: shares) }
  }

  @Test("Ranks that share cores get what is left over, the first ones first")
  func shared() {
    #expect(spare((0..<3).map { _ in share(1, [0, 1, 2, 3]) }) == [true, false, false])
    #expect(spare((0..<2).map { _ in share(1, [0, 1, 2, 70]) }) == [true, true])
    #expect(spare((0..<2).map { _ in share(1, [0, 1]) }) == [false, false])
    #expect(spare((0..<8).map { _ in share(1, [0, 1]) }) == Array(repeating: false, count: 8))
  }

  @Test("A rank that is bound to one core gets none, one that is bound to two does")
  func bound() {
    #expect(spare([share(1, [0]), share(1, [1])]) == [false, false])
    #expect(spare([share(1, [0, 1]), share(1, [2, 3])]) == [true, true])
    #expect(spare([share(1, [0]), share(1, [1, 2])]) == [false, true])
  }

  @Test("Only ranks of the same machine count")
  func machines() {
    #expect(spare([share(1, [0, 1]), share(2, [0, 1])]) == [true, true])
    #expect(spare([share(1, [0, 1]), share(2, [0]), share(1, [0, 1])]) == [false, false, false])
  }

  @Test("Threads of this process are on one machine", arguments: [1, 2])
  func threads(hosts: Int) throws {
    let cores = CoreShare.current.words[1...].reduce(0) { $0 + $1.nonzeroBitCount }
    let ranks = 3
    let spare = try ThreadGroup.run(ranks: ranks * hosts, hosts: hosts) { try $0.hasSpareCore() }
    #expect(spare.filter { $0 }.count == min(max(cores - ranks * hosts, 0), ranks * hosts))
  }
}
