import SounderComm

/// Times real steps of a synchronous job on one rank.
struct StepTimer {
  private let configuration: Configuration
  private let plan: JobPlan
  private let trainer: SynchronousTrainer
  private let group: any ProcessGroup

  private static let warmUpSteps = 3

  /// A timer; every rank of the group makes one.
  init(
    _ configuration: Configuration, _ plan: JobPlan, _ data: Dataset, _ group: any ProcessGroup
  ) throws {
    var endless = configuration
    endless.train.epochs = 1_000_000
    self.configuration = endless
    self.plan = plan
    self.group = group
    trainer = try SynchronousTrainer(endless, plan: plan, dataset: data, group: group)
  }

  /// Seconds of a step, over at least the given time; the same on all ranks.
  func seconds(atLeast seconds: Double) throws -> Double {
    let recorder = RunRecorder(
      configuration: configuration, plan: plan,
      reporter: ProgressReporter(style: .text, rank: 1), metrics: nil)
    var done = 0
    func steps(_ count: Int) throws -> Double {
      try group.barrier()
      let begin = RunRecorder.now
      // The schedule's end does not matter: rates beyond it are those of its end.
      _ = try trainer.train(epoch: 0, steps: done..<done + count, recorder: recorder)
      try group.barrier()
      done += count
      return RunRecorder.now - begin
    }
    _ = try steps(Self.warmUpSteps)
    var (time, count, next) = (0.0, 0, 4)
    while true {
      time += try steps(next)
      count += next
      // All ranks must agree on when to stop.
      var shared = time
      try withUnsafeMutableBytes(of: &shared) { try group.allReduce($0, .float64, .max) }
      if shared >= seconds { return shared / Double(count) }
      next = max(Int(Double(count) * (seconds - shared) / max(shared, 1e-9)) / 2, 1)
    }
  }
}
