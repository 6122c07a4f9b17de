import SounderComm
import Testing

@Suite struct LinkProbeThreadTests {
  @Test("Ranks of several hosts agree on the network between them", arguments: [2, 3], [1, 2])
  func agree(hosts: Int, ranks: Int) throws {
    let found = try ThreadGroup.run(ranks: hosts * ranks, hosts: hosts) { group in
      try LinkProbe(group: group, bulkBytes: 1 << 16).run()
    }
    #expect(found.allSatisfy { $0 == found[0] })
    #expect(found[0].bandwidth.isFinite && found[0].bandwidth > 0)
    #expect(found[0].latency.isFinite && found[0].latency > 0)
    #expect(found[0].coreSecondsPerByte.isFinite && found[0].coreSecondsPerByte >= 0)
  }

  @Test("Between ranks of one host there is no network to measure")
  func oneHost() throws {
    #expect {
      try ThreadGroup.run(ranks: 2) { _ = try LinkProbe(group: $0).run() }
    } throws: { "\($0)".contains("start ranks on two hosts") }
  }

  @Test("What TCP costs a core is a positive time")
  func loopback() throws {
    let seconds = try LoopbackProbe.secondsPerByte()
    #expect(seconds.isFinite && seconds > 0)
  }
}
