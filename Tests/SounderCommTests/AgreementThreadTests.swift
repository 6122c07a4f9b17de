import SounderArray
import Testing

@testable import SounderComm

@Suite("Agreement of ranks")
struct AgreementThreadTests {
  /// The message every rank gets; nil where it is content.
  private func messages(
    _ hostOfRank: [Int], _ facts: @escaping @Sendable (Int) -> [(Agreement.Subject, String, String)]
  ) throws -> [String?] {
    try ThreadGroup.run(hostOfRank: hostOfRank, timeout: .seconds(30)) { group in
      var agreement = Agreement()
      for (subject, name, value) in facts(group.rank) { agreement.add(subject, name, value) }
      do {
        try agreement.check(group)
        return nil
      } catch let error as DisagreementError { return error.description }
    }
  }

  @Test("DP-16: equal facts are no error", arguments: [1, 2, 5])
  func equal(ranks: Int) throws {
    let said = try messages(Array(repeating: 0, count: ranks)) { _ in
      [(.configuration, "optimizer.lr", "0.1"), (.model, "parameter 'weight'", "float32 [2, 3]")]
    }
    #expect(said == Array(repeating: nil, count: ranks))
  }

  @Test("DP-16: the first difference is named with the ranks on both sides", arguments: [0, 1, 3])
  func odd(rank odd: Int) throws {
    let said = try messages([0, 0, 0, 0]) { rank in
      [
        (.build, "the build", "1"), (.configuration, "optimizer.lr", rank == odd ? "0.2" : "0.1"),
        (.data, "the samples", "\(rank)"),
      ]
    }
    // No two ranks have all facts in common here, so the first one is the reference; ranks whose samples
    // alone differ are not confused by that.
    let parts = [
      0: "0.2 on rank 0, but 0.1 on ranks 1-3", 1: "0.1 on ranks 0 and 2-3, but 0.2 on rank 1",
      3: "0.1 on ranks 0-2, but 0.2 on rank 3",
    ]
    let text =
      "ranks disagree about the configuration: optimizer.lr is \(parts[odd] ?? ""); "
      + "start all ranks with the same configuration and the same --set arguments"
    #expect(said == Array(repeating: text, count: 4))
  }

  @Test("DP-16: the majority is the reference")
  func majority() throws {
    let said = try messages([0, 0, 0]) { [(.data, "the samples", $0 == 0 ? "a" : "b")] }
    #expect(
      said[2]?.hasPrefix(
        "ranks disagree about the data: the samples is b on ranks 1-2, but a on rank 0;") == true)
  }

  @Test("DP-16: a fact that some ranks lack is named", arguments: [0, 1])
  func missing(longer: Int) throws {
    let said = try messages([0, 0]) { rank in
      [(.model, "parameter 'a'", "float32 [2]")]
        + (rank == longer ? [(.model, "parameter 'b'", "float32 [3]")] : [])
    }
    let parts = longer == 0 ? ["float32 [3]", "absent"] : ["absent", "float32 [3]"]
    #expect(
      said[1]?.hasPrefix(
        "ranks disagree about the model: parameter 'b' is \(parts[0]) on rank 0, but \(parts[1]) "
          + "on rank 1;") == true)
  }

  @Test("FI-23: a rank on another host is named with its host")
  func hosts() throws {
    let said = try messages([0, 0, 1]) { [(.build, "the build", $0 == 2 ? "b" : "a")] }
    #expect(said.allSatisfy { $0 == said[0] })
    #expect(said[0]?.contains("a on ranks 0-1 (host ") == true)
    #expect(said[0]?.contains("b on rank 2 (host ") == true)
  }
}
