import ArgumentParser
import Foundation
import Sounder

/// `sounder bench ops`: what single operators cost, by family.
struct OperatorsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ops",
    abstract: "Operators on the shapes of the table of targets, forward or forward and backward.",
    discussion: "The records carry the whole case, so that a twin can time the same calls.")

  @OptionGroup var options: BenchOptions

  @Option(help: "Only families whose name contains this: elementwise, conv2d, attention, …")
  var family: String?

  @Option(name: .customLong("op"), help: "Only operators whose name contains this.")
  var selected: String?

  struct Record: BenchRecord {
    let `case`: OperatorCase
    let microseconds: Double
    let blas_kernel: String

    var line: String {
      let way = `case`.hasBackward ? "forward and backward" : "forward"
      return "\(`case`.op) \(`case`.what), \(way): \(microseconds.formatted(2)) µs"
    }
  }

  func run() throws {
    let cases = OperatorCase.all.filter { candidate in
      family.map { candidate.family.contains($0) } ?? true
        && selected.map { candidate.op.contains($0) } ?? true
    }
    guard !cases.isEmpty else { throw ValidationError("no case has this family and operator") }
    // The time is for all cases together, as for the other benchmarks.
    let seconds = options.seconds / Double(cases.count)
    try options.measure { _ in
      try cases.map {
        Record(
          case: $0, microseconds: try Self.seconds($0, for: seconds) * 1e6,
          blas_kernel: BLAS.kernelName)
      }
    }
  }

  /// The median time of one call.
  private static func seconds(_ operatorCase: OperatorCase, for seconds: Double) throws -> Double {
    var stream = RandomStream(seed: 1, stream: 0)
    let inputs = try operatorCase.inputs.map { try $0.makeTensor(from: &stream) }
    let leaves = inputs.filter { operatorCase.hasBackward && $0.dtype == .float32 }
    for leaf in leaves { try leaf.requiresGrad() }
    let (positional, named) = operatorCase.arguments(inputs)
    let entry = try OperatorRegistry.entry(operatorCase.op, taking: positional, named: named)
    let arguments = try entry.completed(positional, named)
    var gradient: Tensor?
    func call() throws {
      let result = try entry.call(arguments)[0]
      guard operatorCase.hasBackward else { return }
      if gradient == nil {
        gradient = Tensor.randn(result.shape, from: &stream)
      }
      try result.backward(gradient: gradient)
      for leaf in leaves { try leaf.setGrad(nil) }
    }
    return try median(of: call, for: seconds)
  }

  /// The median over batches of calls, each long enough for the clock.
  private static func median(of call: () throws -> Void, for seconds: Double) throws -> Double {
    for _ in 0..<3 { try call() }
    let once = Stopwatch()
    try call()
    let batch = max(1, Int(200e-6 / max(once.seconds, 1e-9)))
    var times: [Double] = []
    let total = Stopwatch()
    while times.count < 5 || total.seconds < seconds {
      let watch = Stopwatch()
      for _ in 0..<batch { try call() }
      times.append(watch.seconds / Double(batch))
    }
    return times.median
  }
}
