import CKernels
import SounderArray
import SounderAutograd
import SounderNN

/// Measures when the gradients of a model are complete in a step that nobody reduces.
///
/// Gradients are written where a step would have them, into flat memory, and the time at which each is
/// complete is noted.
public final class StepProfiler {
  private let parameters: [Tensor]
  private let ranges: [Range<Int>]
  private let sizes: BucketSizes
  private let memory: NDArray
  private var ready: [[Double]]
  private var compute: [Double] = []
  private var begin: UInt64 = 0
  private var current: [Double]

  /// A profiler of a model, whose gradients it takes over until it goes.
  public init(_ model: Module, sizes: BucketSizes) {
    let layout = model.parameterLayout()
    parameters = layout.entries.map(\.tensor)
    ranges = layout.entries.map(\.range)
    self.sizes = sizes
    memory = Kernels.zeros([max(layout.elementCount, 1)], .float32)
    ready = Array(repeating: [], count: parameters.count)
    current = Array(repeating: 0, count: parameters.count)
    for (index, parameter) in parameters.enumerated() {
      parameter.accumulator?.sink = { [unowned self] _ in current[index] = elapsed }
    }
  }

  deinit {
    for parameter in parameters {
      parameter.accumulator?.sink = nil
      parameter.accumulator?.destination = nil
      parameter.accumulator?.gradient = nil
    }
  }

  private var elapsed: Double { Double(ck_monotonic_nanoseconds() - begin) * 1e-9 }

  /// Takes a step forward and backward and adds its times to the profile.
  ///
  /// - Throws: what `loss` or the backward pass throws.
  public func step(_ loss: () throws -> Tensor) throws {
    for (index, parameter) in parameters.enumerated() {
      current[index] = 0
      parameter.accumulator?.gradient = nil
      parameter.accumulator?.destination = Kernels.view(
        Kernels.narrow(memory, 0, ranges[index].lowerBound, ranges[index].count),
        Array(parameter.shape))
    }
    begin = ck_monotonic_nanoseconds()
    try loss().backward()
    let end = elapsed
    compute.append(end)
    // A parameter that the step did not use is ready at its end.
    for index in ready.indices { ready[index].append(current[index] > 0 ? current[index] : end) }
  }

  /// Forgets the steps so far, which warmed caches up.
  public func reset() {
    compute = []
    ready = Array(repeating: [], count: parameters.count)
  }

  /// The median of the steps so far, with gradients in buckets by the order of their arrival.
  public func profile(loaderSeconds: Double) -> StepProfile {
    let times = ready.map(Self.median)
    let plan = BucketPlan(
      ranges: ranges, order: times.indices.sorted { (times[$0], -$0) < (times[$1], -$1) },
      sizes: sizes)
    // Buckets are launched in order: none is ready before those before it.
    var latest = 0.0
    let ready = plan.buckets.map { bucket in
      latest = bucket.segments.reduce(latest) { max($0, times[$1.parameter]) }
      return latest
    }
    return StepProfile(
      bucketElements: plan.buckets.map(\.elementCount), readySeconds: ready,
      computeSeconds: max(Self.median(compute), latest), loaderSeconds: loaderSeconds)
  }

  private static func median(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.sorted()[values.count / 2]
  }
}
