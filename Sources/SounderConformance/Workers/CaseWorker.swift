import Foundation
import SounderTrain

/// The side of a worker process: reads `NAME FIRST-CASE` lines and runs the cases.
public struct CaseWorker {
  private let folder: ConformanceFolder
  private let output: @Sendable (String) -> Void

  /// A worker on a folder whose messages go to `output`.
  public init(folder: ConformanceFolder, output: @escaping @Sendable (String) -> Void) {
    self.folder = folder
    self.output = output
  }

  /// Runs until standard input ends.
  public func run() {
    while let line = readLine() {
      let parts = line.split(separator: " ")
      guard parts.count == 2, let first = Int(parts[1]) else { continue }
      run(String(parts[0]), from: first)
    }
  }

  /// Runs the cases of one operator.
  func run(_ name: String, from first: Int) {
    func send(_ message: WorkerMessage) { output(message.line) }
    let cases: [ConformanceCase]
    do throws(DataError) { cases = try folder.cases(of: name) } catch {
      return send(.unusable(exitCode: error.exitCode, message: error.description))
    }
    for (index, testCase) in cases.enumerated().dropFirst(first) {
      send(.begin(index: index, id: testCase.id, kinds: testCase.kinds))
      let runner = CaseRunner(name: name, testCase: testCase)
      for kind in testCase.kinds { send(.check(kind, failure: runner.failure(kind))) }
    }
    send(.end)
  }
}
