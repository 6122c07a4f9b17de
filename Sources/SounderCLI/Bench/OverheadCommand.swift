import ArgumentParser
import Sounder

/// `sounder bench overhead`: what recording and differentiating one operator costs.
struct OverheadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "overhead",
    abstract: "A chain of 1,000 one-element products: nanoseconds an operator, each way.")

  @OptionGroup var options: BenchOptions

  private static let length = 1000

  struct Record: BenchRecord {
    let forward_ns: Double
    let backward_ns: Double
    let ungraded_ns: Double
    let blas_kernel: String

    var line: String {
      "per operator: \(forward_ns.formatted(0)) ns forward, \(backward_ns.formatted(0)) ns backward, "
        + "\(ungraded_ns.formatted(0)) ns with gradients off"
    }
  }

  func run() throws {
    let seconds = options.seconds
    try options.measure { _ in [try Self.measure(seconds: seconds)] }
  }

  private static func measure(seconds: Double) throws -> Record {
    let x = try Tensor([1.0001] as [Float]).requiresGrad()
    let factor = Tensor([1.0001] as [Float])
    var samples: [(forward: Double, backward: Double, ungraded: Double)] = []
    let total = Stopwatch()
    while samples.count < 50 || total.seconds < seconds {
      var result = x
      let forward = Stopwatch()
      for _ in 0..<length { result = result * factor }
      let forwardTime = forward.seconds
      let backward = Stopwatch()
      try result.backward()
      let backwardTime = backward.seconds
      let ungraded = Stopwatch()
      var plain = factor
      for _ in 0..<length { plain = plain * factor }
      samples.append((forwardTime, backwardTime, ungraded.seconds))
      try x.setGrad(nil)
    }
    func median(_ values: [Double]) -> Double {
      values.median / Double(length) * 1e9
    }
    return Record(
      forward_ns: median(samples.map(\.forward)), backward_ns: median(samples.map(\.backward)),
      ungraded_ns: median(samples.map(\.ungraded)), blas_kernel: BLAS.kernelName)
  }
}
