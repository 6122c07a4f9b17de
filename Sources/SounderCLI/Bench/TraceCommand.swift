import ArgumentParser
import Foundation
import Sounder

/// `sounder bench trace`: what recording and tracing cost a training step.
struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract:
      "Steps of reference networks without a recorder, with one as in every run, and traced.",
    discussion: """
      The three take turns, a few steps each, in an order that changes from round to round; the median of the \
      rounds' ratios counts.
      """)

  @OptionGroup var options: BenchOptions

  @Option(name: .customLong("case"), help: "The network; mlp_small and mlp_large if not given.")
  var selected: ReferenceCase?

  struct Record: BenchRecord {
    let `case`: String
    let ms_per_step: Double
    /// A recorder and the flight recorder's file over neither.
    let recorded: Double
    /// Operators and all else traced over recorded, and the same of the forward passes and of the rest.
    let traced: Double
    let traced_forward: Double
    let traced_rest: Double
    let rounds: Int
    let blas_kernel: String

    var line: String {
      "\(`case`): \(ms_per_step.formatted(3)) ms a step; recorded \(recorded.formatted(4)) of that; traced "
        + "\(traced.formatted(4)) of recorded (forward \(traced_forward.formatted(4)), rest "
        + "\(traced_rest.formatted(4))), \(rounds) rounds"
    }
  }

  func run() throws {
    let cases = selected.map { [$0] } ?? [.mlpSmall, .mlpLarge]
    let seconds = options.seconds
    try options.measure { group in
      try cases.map { try TraceRounds($0, group).record(seconds: seconds) }
    }
  }
}

/// Rounds of steps in which nothing is recorded, events are, and operators are too.
private struct TraceRounds {
  let network: ReferenceCase
  let group: any ProcessGroup
  let steps: ReferenceSteps

  /// What records a step.
  private enum Kind: Int, CaseIterable { case nothing, events, operators }

  /// Seconds of a few steps.
  private struct Times {
    var forward = 0.0
    var whole = 0.0
    var rest: Double { whole - forward }
  }

  /// About how long each kind has its turn.
  private static let turn = 0.02

  init(_ network: ReferenceCase, _ group: any ProcessGroup) throws {
    self.network = network
    self.group = group
    steps = try ReferenceSteps(network, group, batch: group.rank, DataParallel.Options())
  }

  func record(seconds: Double) throws -> TraceCommand.Record {
    let perStep = try steps.time(seconds: 0.2, pacedBy: group)
    var counts = [Int64(max(Self.turn / perStep, 1)), Int64(max(seconds / Self.turn / 3, 9))]
    try counts.withUnsafeMutableBytes { try group.allReduce($0, .int64, .min) }
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("sounder-bench-\(getpid())-\(group.rank)").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let (flight, _) = try FlightRecorder.start(in: RunDirectory(path: directory), group)
    let recorder = Recorder(rank: group.rank, ranks: group.size, sink: flight)
    let rounds = try (0..<Int(counts[1])).map { round in
      var times = [Times](repeating: Times(), count: Kind.allCases.count)
      for place in Kind.allCases.indices {
        let kind = Kind.allCases[(place + round) % Kind.allCases.count]
        times[kind.rawValue] = try take(Int(counts[0]), kind, recorder)
      }
      return times
    }
    guard recorder.kept.allSatisfy({ $0.dropped == 0 }) else {
      throw ValidationError("more events than a trace can hold; give fewer --seconds")
    }
    func ratio(_ above: Kind, _ below: Kind, _ part: (Times) -> Double) -> Double {
      rounds.map { part($0[above.rawValue]) / max(part($0[below.rawValue]), 1e-12) }.median
    }
    return TraceCommand.Record(
      case: network.rawValue,
      ms_per_step: rounds.map(\.[Kind.nothing.rawValue].whole).median / Double(counts[0]) * 1e3,
      recorded: ratio(.events, .nothing, \.whole), traced: ratio(.operators, .events, \.whole),
      traced_forward: ratio(.operators, .events, \.forward),
      traced_rest: ratio(.operators, .events, \.rest), rounds: rounds.count,
      blas_kernel: BLAS.kernelName)
  }

  private func take(_ count: Int, _ kind: Kind, _ recorder: Recorder) throws -> Times {
    guard kind != .nothing else { return try take(count) }
    return try recorder.attach("main") {
      recorder.setTracing(kind == .operators)
      defer { recorder.setTracing(false) }
      return try take(count)
    }
  }

  private func take(_ count: Int) throws -> Times {
    try group.barrier()
    var times = Times()
    let watch = Stopwatch()
    for step in 0..<count {
      try Trace.span(.step, "step", step) { times.forward += try steps.step() }
    }
    times.whole = watch.seconds
    return times
  }
}
