import SounderArray
import SounderComm
import SounderNN
import SounderTrace

/// A job from its first step to its last file, on whatever ranks there are.
///
/// ```swift
/// let job = TrainingJob(
///   configuration: resolved, data: try DatasetSplits.load(resolved.configuration),
///   runDirectory: "runs/mine")
/// let code = try job.run(SingleProcessGroup())
/// ```
public struct TrainingJob: Sendable {
  private let resolved: ResolvedConfiguration
  private let data: DatasetSplits
  private let runDirectory: String
  private let command: [String]
  private let style: ProgressReporter.Style

  /// A job.
  ///
  /// - Parameters:
  ///   - command: the command line that is noted in the run's directory.
  ///   - style: whether standard output is for people or for programs.
  public init(
    configuration: ResolvedConfiguration, data: DatasetSplits, runDirectory: String,
    command: [String] = [], style: ProgressReporter.Style = .text
  ) {
    resolved = configuration
    self.data = data
    self.runDirectory = runDirectory
    self.command = command
    self.style = style
  }

  /// Trains, judges and writes; every rank of the group calls this.
  ///
  /// - Returns: ``ExitCode/success``, or the code of the signal that stopped all ranks.
  /// - Throws: ``FileError``, ``TrainingError``, ``ParallelError``, ``DisagreementError``,
  ///   ``CommunicationError``.
  public func run(_ group: any ProcessGroup) throws -> ExitCode {
    if group.size > 1 { try Agreement(resolved.configuration, data).check(group) }
    let plan = try JobPlan(resolved.configuration, data)
    let reporter = ProgressReporter(style: style, rank: group.rank)
    let directory = RunDirectory(path: runDirectory)
    var metrics: MetricsWriter?
    if group.rank == 0 {
      _ = try RunDirectory.create(runDirectory, configuration: resolved, command: command)
      try data.train.vocabulary?.write(to: directory.vocabulary)
      metrics = try MetricsWriter(path: directory.metrics)
    }
    let (flight, warning) = try FlightRecorder.start(in: directory, group)
    if let warning { reporter.event("warning", warning) }
    let events = Recorder(rank: group.rank, ranks: group.size, sink: flight)
    return try FlightRecorder.noting(flight) {
      try events.attach("main") { try run(plan, group, events, reporter, metrics) }
    }
  }

  private func run(
    _ plan: JobPlan, _ group: any ProcessGroup, _ events: Recorder, _ reporter: ProgressReporter,
    _ metrics: MetricsWriter?
  ) throws -> ExitCode {
    var configuration = resolved.configuration
    let directory = RunDirectory(path: runDirectory)
    let trace = try configuration.run.traceWindow(stepCount: plan.stepCount).map {
      try JobTrace(window: $0, stepCount: plan.stepCount, recorder: events, group: group)
    }
    let recorder = RunRecorder(
      configuration: configuration, plan: plan, reporter: reporter, metrics: metrics, trace: trace)
    defer { recorder.finish() }
    if let decision = try Trace.span(.phase, "tune", 0, 0, { try tune(&configuration, group) }) {
      recorder.tell("tuning", "\(decision)", decision.json)
    }
    group.board.enter(.setUp)
    let trainer = try Trace.span(.phase, "set up") {
      try makeTrainer(configuration, plan, group)
    }
    announce(plan, trainer, group, recorder)
    let (epoch, wasStopped) = try train(trainer, plan, group, recorder)
    let times = try TimeSummary(events, group)
    trace?.leave()
    if group.rank == 0 {
      group.board.enter(.saving)
      try Trace.span(.save, "save") { try save(trainer.model, to: directory) }
    }
    let evaluation = try recorder.pausing {
      try Evaluation.run(trainer.model, on: data.test, group: group)
    }
    try recorder.record(evaluation, epoch: epoch)
    let code = wasStopped ? try agreeOnSignal(group) : .success
    try write(trace, to: directory, group, recorder)
    var summary = summary(plan, trainer, evaluation, recorder, group, code)
    let memory = try MeasuredMemory(group, regionBytes: trainer.sharedByteCount)
    summary["memory"] = .object(memory.json)
    summary["time"] = .object(times.json)
    recorder.tell("time", "\(times)", times.json)
    group.board.enter(.saving)
    if group.rank == 0 { try directory.writeSummary(.object(summary)) }
    recorder.tell(
      "summary",
      "\(runDirectory): \(plan.stepCount == recorder.steps ? "done" : "stopped") after "
        + "\(recorder.steps) steps, \(ProgressFormat.duration(recorder.wallSeconds))", summary)
    try group.barrier()
    return code
  }

  private func makeTrainer(
    _ configuration: Configuration, _ plan: JobPlan, _ group: any ProcessGroup
  ) throws -> any Trainer {
    configuration.parallel.mode == .sync
      ? try SynchronousTrainer(configuration, plan: plan, dataset: data.train, group: group)
      : try HogwildTrainer(configuration, plan: plan, dataset: data.train, group: group)
  }

  /// Decides on sizes that depend on the machine, for several ranks that take steps together.
  private func tune(
    _ configuration: inout Configuration, _ group: any ProcessGroup
  ) throws -> TuningDecision? {
    guard group.size > 1, configuration.parallel.mode == .sync else { return nil }
    let cache = TuningCache(
      localRanks: group.topology.localSize, kind: "\(type(of: group))")
    let decision = try TuningDecision(configuration.parallel, group: group, cache: cache)
    configuration.parallel.bucketBytes = decision.sizes.bucketBytes
    configuration.parallel.crossoverBytes = decision.sizes.crossoverBytes
    return decision
  }

  /// Takes all steps, evaluating now and then; returns the last epoch and whether a signal ended it.
  private func train(
    _ trainer: any Trainer, _ plan: JobPlan, _ group: any ProcessGroup, _ recorder: RunRecorder
  ) throws -> (epoch: Int, wasStopped: Bool) {
    let options = resolved.configuration.train
    var (epoch, done) = (0, 0)
    while true {
      let endOfEpoch = min((epoch + 1) * plan.stepsPerEpoch, plan.stepCount)
      // A chunk ends with the epoch, or where steps ask for an evaluation.
      let chunk = options.evaluateSteps.map { (done / $0 + 1) * $0 } ?? endOfEpoch
      let steps = done..<min(chunk, endOfEpoch)
      done = steps.upperBound
      recorder.begin()
      let wasStopped = try trainer.train(epoch: epoch, steps: steps, recorder: recorder)
      // Other ranks may still be writing shared parameters.
      try group.barrier()
      if wasStopped || steps.upperBound == plan.stepCount { return (epoch, wasStopped) }
      let endsEpoch = done == endOfEpoch
      let isDue = options.evaluateEvery > 0 && (epoch + 1) % options.evaluateEvery == 0
      if endsEpoch && isDue || options.evaluateSteps.map({ done % $0 == 0 }) ?? false {
        try recorder.pausing {
          try recorder.record(
            try Evaluation.run(trainer.model, on: data.test, group: group), epoch: epoch)
        }
      }
      if endsEpoch { epoch += 1 }
    }
  }

  private func write(
    _ trace: JobTrace?, to directory: RunDirectory, _ group: any ProcessGroup,
    _ recorder: RunRecorder
  ) throws {
    guard let trace, let counts = try trace.write(to: directory.trace, group) else { return }
    let lost = counts.dropped > 0 ? ", \(counts.dropped) more did not fit" : ""
    recorder.tell(
      "trace", "\(directory.trace): \(counts.events) events of steps \(trace.window)\(lost)",
      [
        "file": .string(directory.trace), "events": .integer(counts.events),
        "dropped": .integer(counts.dropped), "steps": .string("\(trace.window)"),
      ])
  }

  private func announce(
    _ plan: JobPlan, _ trainer: any Trainer, _ group: any ProcessGroup, _ recorder: RunRecorder
  ) {
    var members: JSONObject = [
      "run_dir": .string(runDirectory), "ranks": .integer(group.size),
      "parameters": .integer(plan.parameterCount), "steps": .integer(plan.stepCount),
      "blas_kernel": .string(BLAS.kernelName),
    ]
    for member in trainer.summary().members where member.name != "staleness" {
      members[member.name] = member.value
    }
    recorder.tell(
      "start",
      "\(data.train.name): model \(plan.architecture) (\(plan.parameterCount) parameters), "
        + "\(plan.trainCount) samples, \(plan.stepCount) steps, "
        + "\(group.size) rank\(group.size == 1 ? "" : "s"), "
        + "\(resolved.configuration.parallel.mode.rawValue)",
      members)
  }

  private func save(_ model: Module, to directory: RunDirectory) throws {
    // Equal parameters must give equal files: nothing here may depend on ranks or time.
    try Safetensors(
      arrays: model.stateDictionary(),
      metadata: ["producer": "sounder", "blas_kernel": BLAS.kernelName]
    ).write(to: directory.model)
  }

  /// The signal that any rank has received, the same on all.
  private func agreeOnSignal(_ group: any ProcessGroup) throws -> ExitCode {
    var signal = Int64(StopSignal.pending)
    try withUnsafeMutableBytes(of: &signal) { try group.allReduce($0, .int64, .max) }
    return StopSignal.exitCode(for: Int32(signal))
  }

  private func summary(
    _ plan: JobPlan, _ trainer: any Trainer, _ evaluation: Evaluation, _ recorder: RunRecorder,
    _ group: any ProcessGroup, _ code: ExitCode
  ) -> JSONObject {
    var summary: JSONObject = [
      "final_loss": .number(recorder.finalLoss), "test_accuracy": .null, "test_loss": .null,
      "steps": .integer(recorder.steps), "skipped_steps": .integer(recorder.skippedSteps),
      "samples": .integer(recorder.samples),
      "samples_per_second": .number(recorder.samplesPerSecond.rounded()),
      "ranks": .integer(group.size), "hosts": .integer(group.topology.hostCount),
      "wall_seconds": .number(recorder.wallSeconds),
      "training_seconds": .number(recorder.trainingSeconds),
      "parameters": .integer(plan.parameterCount), "blas_kernel": .string(BLAS.kernelName),
      "exit_code": .integer(Int(code.rawValue)),
    ]
    for member in evaluation.json.members + trainer.summary().members {
      summary[member.name] = member.value
    }
    return summary
  }
}
