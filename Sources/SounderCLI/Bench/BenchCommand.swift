import ArgumentParser
import Foundation
import Sounder

/// `sounder bench`: the speeds this project promises, measured where it runs.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract:
      "Measures training steps, operators, reductions, operator cost, Hogwild updates and tracing.",
    discussion: """
      Under mpirun every rank takes part and rank 0 prints. BLAS uses one thread a rank. The BLAS kernel \
      in use is printed with every result; unset OPENBLAS_CORETYPE to let the library choose it.
      """,
    subcommands: [
      StepsCommand.self, OperatorsCommand.self, AllReduceCommand.self, UpdateCommand.self,
      OverheadCommand.self, HogwildCommand.self, TraceCommand.self,
    ])
}

/// What all benchmarks accept.
struct BenchOptions: ParsableArguments {
  @Flag(help: "Print one JSON object a line.")
  var json = false

  @Option(help: "Seconds to measure each case.")
  var seconds = 2.0

  @Option(help: "Run the ranks as this many threads of this process.")
  var ranksInProcess: Int?

  func validate() throws {
    guard seconds > 0, seconds <= 3600 else {
      throw ValidationError("--seconds must be above 0 and at most 3600")
    }
    if let ranksInProcess, ranksInProcess < 1 {
      throw ValidationError("--ranks-in-process must be at least 1")
    }
  }

  /// Runs a benchmark on all ranks; rank 0 prints the records.
  func measure<Record: BenchRecord>(
    _ body: @escaping @Sendable (any ProcessGroup) throws -> [Record]
  ) throws {
    let json = json
    let code = try Ranks.run(inProcess: ranksInProcess, timeout: 120) { group in
      let records = try body(group)
      if group.rank == 0 { for record in records { try record.write(json: json) } }
      return .success
    }
    try Failure.finish(with: code)
  }
}

/// One result of a benchmark.
protocol BenchRecord: Encodable, Sendable {
  /// The result for people, on one line.
  var line: String { get }
}

extension BenchRecord {
  func write(json: Bool) throws {
    let stdout = Terminal(descriptor: STDOUT_FILENO)
    guard json else { return stdout.write("\(line)  [\(BLAS.kernelName)]\n") }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    stdout.write(String(decoding: try encoder.encode(self), as: UTF8.self) + "\n")
  }
}

/// A clock for code that runs for microseconds.
struct Stopwatch {
  private let start = ContinuousClock.now

  /// Seconds since the start.
  var seconds: Double {
    let (seconds, attoseconds) = start.duration(to: .now).components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}
