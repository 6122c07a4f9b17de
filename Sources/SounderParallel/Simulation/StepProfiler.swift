import CKernels
import SounderAutograd

/// Measures what a rank does in real steps: when its buckets become ready, and how long it adds and updates.
///
/// The steps are those of a job on as many ranks as there are cores for, with their virtual shards and
/// their updates. So the caches are what they are in training: parameters come from the core that has updated them,
/// and gradients of several shards have left them when they are added up. Time in which a rank reduces or waits
/// for others is not counted as its own.
public final class StepProfiler {
  private let parallel: DataParallel
  private var steps: [Times] = []
  private var current = Times()
  private var begin: UInt64 = 0

  /// The times of a step, in seconds since its begin.
  private struct Times {
    /// Own work until each bucket was published.
    var ready: [Double] = []
    /// Own work until the last shard ended.
    var compute = 0.0
    /// Adding slices up, with what follows at once.
    var reduction = 0.0
    /// What is done with the sums after ranks have met.
    var finish = 0.0
    var reduceBegin = 0.0
    var met = 0.0
  }

  /// A profiler of steps that ``step(sampleCount:_:)`` takes.
  public init(_ parallel: DataParallel) {
    self.parallel = parallel
    parallel.reducer.observer = { [unowned self] event, bucket in note(event, bucket) }
  }

  deinit { parallel.reducer.observer = nil }

  private var elapsed: Double { Double(ck_monotonic_nanoseconds() - begin) * 1e-9 }

  private func note(_ event: ReducerEvent, _ bucket: Int) {
    let now = elapsed
    switch event {
    case .published: current.ready.append(now - current.reduction)
    case .collected: current.compute = now - current.reduction
    case .reduceBegin: current.reduceBegin = now
    case .reduceEnd: current.reduction += now - current.reduceBegin
    case .met: current.met = now
    case .updateEnd: current.finish = now - current.met
    case .ready, .networkBegin, .networkEnd, .updateBegin: break
    }
  }

  /// Takes a step and notes its times; every rank does.
  ///
  /// - Parameters:
  ///   - sampleCount: the samples of the batch over all ranks.
  ///   - loss: the loss of a shard.
  /// - Throws: what ``DataParallel/step(learningRate:sampleCount:stopRequested:loss:)`` throws.
  public func step(sampleCount: Int, _ loss: (_ shard: Int) throws -> Tensor) throws {
    current = Times()
    begin = ck_monotonic_nanoseconds()
    // Parameters are written, but hardly move: no loss may grow without bounds.
    _ = try parallel.step(learningRate: 1e-9, sampleCount: sampleCount, loss: loss)
    // Buckets are planned anew after the first step.
    if let last = steps.last, last.ready.count != current.ready.count { steps = [] }
    steps.append(current)
  }

  /// Forgets the steps so far, which warmed caches up.
  public func reset() { steps = [] }

  /// What a rank was found to do, medians over the steps.
  public struct Outcome: Sendable {
    /// The rank's own work.
    public let profile: StepProfile
    /// Seconds for an element of the rank's slices: adding all ranks' gradients up and what follows at once.
    public let sliceSeconds: Double
    /// Seconds for an element that the rank updates after ranks have met; 0 if updates do not wait for that.
    public let finishSeconds: Double
  }

  /// The median of the steps so far.
  public func outcome(loaderSeconds: Double) -> Outcome {
    let elements = parallel.reducer.buckets.buckets.map(\.elementCount)
    // Buckets are launched in order: none is ready before those before it.
    var latest = 0.0
    let ready = elements.indices.map { bucket in
      latest = max(latest, median { $0.ready.indices.contains(bucket) ? $0.ready[bucket] : 0 })
      return latest
    }
    let all = Double(max(elements.reduce(0, +), 1))
    let slices = all / Double(parallel.group.topology.localSize)
    let finished = parallel.options.update == .sharded ? slices : all
    return Outcome(
      profile: StepProfile(
        bucketElements: elements, readySeconds: ready,
        computeSeconds: max(median(\.compute), latest), loaderSeconds: loaderSeconds),
      sliceSeconds: median(\.reduction) / slices, finishSeconds: median(\.finish) / finished)
  }

  private func median(_ time: (Times) -> Double) -> Double { steps.map(time).median }
}
