import Foundation
import SounderTrain

/// The side of a worker process: reads `NAME FIRST-CASE` lines and runs the cases.
public struct CaseWorker: OperatorWorker {
  private let folder: ConformanceFolder
  private let output: @Sendable (String) -> Void

  /// A worker on a folder whose messages go to `output`.
  public init(folder: ConformanceFolder, output: @escaping @Sendable (String) -> Void) {
    self.folder = folder
    self.output = output
  }

  /// Runs the cases of one operator.
  public func run(_ name: String, from first: Int) {
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
