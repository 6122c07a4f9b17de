import ArgumentParser
import Foundation
import Sounder
import SounderConformance

/// `sounder opcheck`: compares operators with PyTorch's answers.
struct OpcheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "opcheck",
    abstract: "Runs the cases of a folder and compares with PyTorch's answers.",
    discussion: """
      A folder holds NAME.json and NAME.safetensors for each operator. A case passes when its values, \
      gradients, gradients of gradients and forward-mode tangents all agree: to 1e-7 in double precision, \
      1.3e-4 in single precision, exactly for integers; an absent gradient counts as zeros, and of equal \
      elements sort and topk may name any.

      A failing case reads

        add/float64/3: gradients: gradient 0 [1, 2]: got 0.5, expected 0.25 (3 of 12 elements differ)

      with the case, what was compared, the tensor, the first element that differs and both values. An \
      error stands there as it was thrown ("unknown operator 'ad'"); "trap:" precedes the message of a \
      case that ended its process, and a case without a result within 30 s fails with that reason.

      Ends with exit code 1 if a case fails, 65 or 66 if the folder or a file is broken or missing.
      """)

  @Argument(help: "The folder of cases.")
  var folder: String

  @Option(name: .customLong("op"), help: "Only this operator; repeat for several.")
  var operators: [String] = []

  @Flag(help: "Writes one JSON object.")
  var json = false

  @Option(help: "Failing cases of an operator that are described; 0 for all.")
  var failures = 3

  @Option(help: "Worker processes at a time.")
  var workers = ProcessInfo.processInfo.activeProcessorCount

  @Flag(help: .hidden)
  var worker = false

  func validate() throws {
    guard failures >= 0 else { throw ValidationError("--failures must not be negative") }
    guard (1...64).contains(workers) else { throw ValidationError("--workers must be 1 to 64") }
  }

  mutating func run() throws {
    let cases = try ConformanceFolder(path: folder)
    if worker {
      let stdout = Terminal(descriptor: STDOUT_FILENO)
      return CaseWorker(folder: cases) { stdout.write($0) }.run()
    }
    for name in operators where !cases.operators.contains(name) {
      throw DataError(
        kind: .missing, path: "\(folder)/\(name).json",
        problem: "the folder holds no cases of the operator '\(name)'")
    }
    let command = WorkerCommand(
      executable: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
      arguments: ["opcheck", folder, "--worker"])
    let pool = WorkerPool(command, size: workers)
    let report = try pool.report(on: operators.isEmpty ? cases.operators : operators)
    print(
      json ? report.json.compact : report.text(failures: failures), terminator: json ? "\n" : "")
    if report.passed < report.total { try Failure.finish(with: .failure) }
  }
}
