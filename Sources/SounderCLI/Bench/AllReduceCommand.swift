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

  @OptionGroup var sizes: SizeOptions

  @Option(parsing: .upToNextOption, help: "The ways to measure; all sums if not given.")
  var backends: [AllReduceBenchmark.Backend] = []

  func run() throws {
    let elements = try sizes.elements(or: AllReduceBenchmark.defaultCounts, atMost: 1 << 30)
    let backends = backends
    try options.measure { group in
      try AllReduceBenchmark(
        group: group, counts: elements, backends: backends.isEmpty ? nil : backends
      ).run().map {
        ReductionRecord(
          what: "allreduce", backend: $0.backend, ranks: $0.ranks, elements: $0.elements,
          seconds: $0.seconds)
      }
    }
  }
}

extension AllReduceBenchmark.Backend: ExpressibleByArgument {}
