import ArgumentParser
import Foundation
import Sounder
import SounderConformance

/// `sounder opcheck`: compares operators with PyTorch's answers.
struct OpcheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "opcheck",
    abstract: "Compares operators with PyTorch's answers, or with their own promises.",
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

      With --registered no folder is read: every operator of the registry, those that users registered \
      included, is called with its own samples. Checked are the truth of its schema, the registration of \
      its derivative, its gradients to second order against differences, and forward mode.

      Ends with exit code 1 if a case fails, 65 or 66 if the folder or a file is broken or missing.
      """)

  @Argument(help: "The folder of cases.")
  var folder: String?

  @Flag(help: "Checks the operators of the registry with their own samples.")
  var registered = false

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
    guard (folder != nil) != registered else {
      throw ValidationError("either a folder of cases or --registered is needed")
    }
    guard failures >= 0 else { throw ValidationError("--failures must not be negative") }
    guard (1...64).contains(workers) else { throw ValidationError("--workers must be 1 to 64") }
  }

  mutating func run() throws {
    if worker { return try work() }
    let names = try selected()
    let command = WorkerCommand(
      executable: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
      arguments: ["opcheck", folder ?? "--registered", "--worker"])
    let report = try WorkerPool(command, size: workers).report(on: names)
    let text = json ? report.json.compact + "\n" : report.text(failures: failures)
    Terminal(descriptor: STDOUT_FILENO).write(text)
    if report.passed < report.total { try Failure.finish(with: .failure) }
  }

  /// Runs cases for the process that started this one.
  private func work() throws {
    let send: @Sendable (String) -> Void = { Terminal(descriptor: STDOUT_FILENO).write($0) }
    if let folder {
      CaseWorker(folder: try ConformanceFolder(path: folder), output: send).run()
    } else {
      RegisteredWorker(output: send).run()
    }
  }

  /// The operators to check.
  private func selected() throws -> [String] {
    guard let folder else {
      let (sampled, others) = try RegisteredWorker.operators()
      if !operators.isEmpty {
        return try operators.flatMap { try OperatorRegistry.overloads(of: $0).map(\.fullName) }
      }
      if !json {
        let out = others.count { (try? OperatorRegistry.entry($0))?.isOut == true }
        Terminal(descriptor: STDERR_FILENO).write(
          "\(others.count) operators have no samples of their own, \(out) of them variants with 'out'\n"
        )
      }
      return sampled
    }
    let cases = try ConformanceFolder(path: folder)
    for name in operators where !cases.operators.contains(name) {
      throw DataError(
        kind: .missing, path: "\(folder)/\(name).json",
        problem: "the folder holds no cases of the operator '\(name)'")
    }
    return operators.isEmpty ? cases.operators : operators
  }
}
