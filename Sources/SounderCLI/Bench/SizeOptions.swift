import ArgumentParser
import Sounder

/// What benchmarks of gradients of several sizes accept.
struct SizeOptions: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: "Numbers of float32 elements; those of the published tables if not given.")
  var elements: [Int] = []

  /// The sizes to measure.
  /// - Throws: `ValidationError` for sizes that are not positive or need too much memory.
  func elements(or usual: [Int], atMost limit: Int) throws -> [Int] {
    guard elements.allSatisfy({ $0 > 0 && $0 <= limit }) else {
      throw ValidationError("--elements must be from 1 to \(limit)")
    }
    return elements.isEmpty ? usual : elements
  }
}

/// The time of one operation on the gradients of all ranks.
struct ReductionRecord: BenchRecord {
  let what: String
  let backend: String
  let ranks: Int
  let elements: Int
  let seconds: Double
  let blas_kernel = BLAS.kernelName

  // What was measured is what was asked for.
  private enum CodingKeys: CodingKey {
    case backend, ranks, elements, seconds, blas_kernel
  }

  var line: String {
    "\(backend) \(what), \(ranks) ranks, \(elements * 4 / 1024) KiB: "
      + "\((seconds * 1e6).formatted(1)) µs"
  }
}
