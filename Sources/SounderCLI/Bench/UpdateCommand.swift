import ArgumentParser
import Sounder

/// `sounder bench update`: gradients summed over ranks and Adam's step with them.
struct UpdateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update",
    abstract: "Sums of float32 gradients over all ranks, and Adam's update with them.",
    discussion: """
      sharded: every rank sums and updates its slice of parameters in shared memory; mpi: MPI_Allreduce, \
      then every rank updates a copy of all. Gradients are rewritten before each call; that time is \
      subtracted.
      """)

  @OptionGroup var options: BenchOptions

  @Option(parsing: .upToNextOption, help: "Numbers of parameters.")
  var elements: [Int] = [4 << 20, 16 << 20]

  struct Record: BenchRecord {
    let backend: String
    let ranks: Int
    let elements: Int
    let seconds: Double
    let blas_kernel: String

    var line: String {
      "\(backend) update, \(ranks) ranks, \(elements * 4 / 1024) KiB: "
        + "\((seconds * 1e6).formatted(1)) µs"
    }
  }

  func validate() throws {
    guard elements.allSatisfy({ $0 > 0 && $0 <= 1 << 28 }) else {
      throw ValidationError("--elements must be from 1 to 268435456")
    }
  }

  func run() throws {
    let elements = elements
    try options.measure { group in
      try elements.flatMap { count in
        try UpdateBenchmark(group: group).run(elements: count).map {
          Record(
            backend: $0.backend, ranks: $0.ranks, elements: $0.elements, seconds: $0.seconds,
            blas_kernel: BLAS.kernelName)
        }
      }
    }
  }
}
