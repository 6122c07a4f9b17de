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

  @OptionGroup var sizes: SizeOptions

  func run() throws {
    let elements = try sizes.elements(or: [4 << 20, 16 << 20], atMost: 1 << 28)
    try options.measure { group in
      try elements.flatMap { count in
        try UpdateBenchmark(group: group).run(elements: count).map {
          ReductionRecord(
            what: "update", backend: $0.backend, ranks: $0.ranks, elements: $0.elements,
            seconds: $0.seconds)
        }
      }
    }
  }
}
