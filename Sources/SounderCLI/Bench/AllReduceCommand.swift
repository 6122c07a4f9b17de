import ArgumentParser
import Sounder

/// `sounder bench allreduce`: sums over ranks, by shared memory and by MPI.
struct AllReduceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "allreduce",
    abstract: "Sums of float32 gradients over all ranks, rewritten before each call.",
    discussion: """
      Backends: shared (gradients and result in shared memory), copied (private buffers), mpi \
      (MPI_Allreduce in place), and when asked for exchange (no sum: every rank takes over the next one's \
      buffer). The time of the rewriting is subtracted.
      """)

  @OptionGroup var options: BenchOptions

  @Option(parsing: .upToNextOption, help: "Numbers of float32 elements.")
  var elements: [Int] = AllReduceBenchmark.defaultCounts

  @Option(parsing: .upToNextOption, help: "The ways to measure; all sums if not given.")
  var backends: [AllReduceBenchmark.Backend] = []

  struct Record: BenchRecord {
    let backend: String
    let ranks: Int
    let elements: Int
    let seconds: Double
    let blas_kernel: String

    var line: String {
      "\(backend), \(ranks) ranks, \(elements * 4 / 1024) KiB: \((seconds * 1e6).formatted(1)) µs"
    }
  }

  func validate() throws {
    guard elements.allSatisfy({ $0 > 0 && $0 <= 1 << 30 }) else {
      throw ValidationError("--elements must be from 1 to 1073741824")
    }
  }

  func run() throws {
    let (elements, backends) = (elements, backends)
    try options.measure { group in
      try AllReduceBenchmark(
        group: group, counts: elements, backends: backends.isEmpty ? nil : backends
      ).run().map {
        Record(
          backend: $0.backend, ranks: $0.ranks, elements: $0.elements, seconds: $0.seconds,
          blas_kernel: BLAS.kernelName)
      }
    }
  }
}

extension AllReduceBenchmark.Backend: ExpressibleByArgument {}
