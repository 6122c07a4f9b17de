import SounderTrain
import Testing

@testable import SounderConformance

@Suite("Worker processes")
struct WorkerPoolTests {
  /// A pool whose workers are shell scripts that answer `NAME FIRST-CASE` lines.
  private static func report(_ script: String, limit: Duration = .seconds(20)) throws
    -> ConformanceReport
  {
    let prelude = """
      begin() { echo "{\\"begin\\":$1,\\"id\\":\\"case $1\\",\\"kinds\\":[\\"values\\",\\"gradients\\"]}"; }
      passed() { echo "{\\"kind\\":\\"$1\\",\\"failure\\":null}"; }
      """
    let command = WorkerCommand(
      executable: "/bin/sh", arguments: ["-c", prelude + "\n" + script], timeLimit: limit)
    return try WorkerPool(command, size: 2).report(on: ["b", "a"])
  }

  private static let twoCases = """
    while read name first; do
      if [ $first = 0 ]; then begin 0; passed values; FIRST; fi
      begin 1; passed values; passed gradients; echo '{"end":true}'
    done
    """

  private static func twoCases(first: String) -> String {
    twoCases.split(separator: "FIRST").joined(separator: first)
  }

  @Test("Outcomes are gathered by operator, sorted by name")
  func agreement() throws {
    let report = try Self.report(Self.twoCases(first: "passed gradients; echo noise"))
    #expect(report.operators.map(\.name) == ["a", "b"])
    #expect(report.passed == 4 && report.total == 4)
    #expect(report.operators[0].outcomes.map(\.id) == ["case 0", "case 1"])
  }

  @Test("A case that traps fails with the message, and the next worker goes on after it")
  func trap() throws {
    let report = try Self.report(
      Self.twoCases(first: "echo 'Sounder/A.swift:7: Fatal error: mm: shapes' >&2; kill -ILL $$"))
    #expect(report.passed == 2 && report.total == 4)
    #expect(
      report.operators[0].outcomes[0].checks.map(\.failure) == [nil, "trap: mm: shapes"])
    #expect(report.operators[0].outcomes[1].passed)
  }

  @Test("A worker that ends without a message is named by its signal or exit code")
  func silentDeath() throws {
    let killed = try Self.report(Self.twoCases(first: "kill -SEGV $$"))
    #expect(
      killed.operators[1].outcomes[0].failureLines
        == ["case 0: gradients: the process ended with signal 11"])
    let ended = try Self.report(Self.twoCases(first: "exit 3"))
    #expect(
      ended.operators[1].outcomes[0].failureLines
        == ["case 0: gradients: the process ended with exit code 3"])
  }

  @Test("A case without a result in time fails, and its process is killed")
  func hang() throws {
    let report = try Self.report(Self.twoCases(first: "exec sleep 600"), limit: .milliseconds(300))
    #expect(report.passed == 2)
    #expect(
      report.operators[0].outcomes[0].failureLines
        == ["case 0: gradients: no result within 0.3 seconds"])
  }

  @Test("Files a worker cannot use end the run with its exit code")
  func unusable() throws {
    let error = try #require(throws: ConformanceError.self) {
      try Self.report(
        #"read line; echo '{"unusable":"a.json: error: broken","code":65}'; read line"#)
    }
    #expect(error.exitCode == .dataError && error.description == "a.json: error: broken")
  }

  @Test("A worker that fails before its first case ends the run")
  func startFailure() throws {
    let error = try #require(throws: ConformanceError.self) { try Self.report("exit 9") }
    #expect(error.exitCode == .internalError)
    #expect(error.description.contains("before its first case"))
    let absent = WorkerCommand(executable: "/absent/sounder", arguments: [])
    #expect(throws: ConformanceError.self) { try WorkerPool(absent, size: 1).report(on: ["a"]) }
  }

  @Test(
    "Messages survive the way",
    arguments: [
      WorkerMessage.begin(index: 3, id: "a/\"b\"", kinds: [.values, .forwardMode]),
      .check(.secondOrder, failure: "x\ny"), .check(.values, failure: nil), .end,
      .unusable(exitCode: .inputMissing, message: "gone"),
    ])
  func roundTrip(message: WorkerMessage) {
    #expect(message.line.hasSuffix("\n") && !message.line.dropLast().contains("\n"))
    #expect(WorkerMessage(Array(message.line.utf8)) == message)
  }
}
