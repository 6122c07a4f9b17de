import CKernels
import SounderArray
import SounderAutograd
import SounderNN
import SounderTrace

/// One worker: a private replica of the model, a snapshot of the shared parameters, private gradients.
///
/// BLAS reads with plain loads, so a worker never computes on the shared memory itself: it copies what it
/// needs with relaxed loads, differentiates on the copy, and subtracts its step from the shared
/// parameters. Another worker's update therefore never trips this one's backward pass, and the version
/// of the snapshot defines the staleness of the update.
final class HogwildWorker: @unchecked Sendable {
  // @unchecked: used by one thread at a time; the thread that collects results joins it first.
  let index: Int
  let model: Module
  private(set) var staleness = StalenessHistogram()
  private(set) var retries = 0
  private(set) var lossSum = 0.0
  private(set) var updates = 0

  private let arena: HogwildArena
  private let optimizer: OptimizerConfiguration
  private let policy: StorePolicy?
  private let entries: [ParameterLayout.Entry]
  private let snapshot: NDArray
  private let gradients: NDArray
  private let momentum: NDArray?
  private let delta: NDArray
  private static let blockCount = 4096

  init(
    index: Int, model: Module, arena: HogwildArena, optimizer: OptimizerConfiguration,
    policy: StorePolicy?
  ) {
    self.index = index
    self.model = model
    self.arena = arena
    self.optimizer = optimizer
    self.policy = policy
    let layout = model.parameterLayout()
    entries = layout.entries
    let shape: Shape = [arena.elementCount]
    snapshot = Kernels.zeros(shape, .float32)
    gradients = Kernels.zeros(shape, .float32)
    momentum = optimizer.momentum == 0 ? nil : Kernels.zeros(shape, .float32)
    delta = Kernels.zeros([Self.blockCount], .float32)
    model.bindParameters(to: snapshot.pointer, owner: snapshot.storage, copying: false)
    for entry in entries {
      entry.tensor.accumulator?.destination = Self.part(of: gradients, entry)
    }
  }

  private static func part(of flat: NDArray, _ entry: ParameterLayout.Entry) -> NDArray {
    NDArray(
      storage: flat.storage, dtype: .float32, offset: entry.offset, shape: entry.tensor.shape,
      strides: entry.tensor.shape.contiguousStrides)
  }

  private static func floats(_ array: NDArray) -> UnsafeMutablePointer<Float> {
    array.pointer.assumingMemoryBound(to: Float.self)
  }

  /// Copies the shared parameters into this worker's model.
  func refresh() {
    arena.load(into: Self.floats(snapshot))
    for entry in entries { entry.tensor.incrementVersion() }
  }

  /// Forgets what earlier runs counted.
  func resetCounts() {
    staleness = StalenessHistogram()
    (retries, lossSum, updates) = (0, 0, 0)
  }

  /// Takes one step: snapshot, forward, backward, update.
  func step(learningRate: Double, loss: (Module) throws -> Tensor) throws {
    arena.countStart(index)
    let version = arena.version
    refresh()
    for entry in entries { entry.tensor.accumulator?.gradient = nil }
    let value = try Trace.span(.forward, "forward") { try loss(model) }
    try Trace.span(.backward, "backward") { try value.backward() }
    Trace.span(.bucketUpdate, "update") { update(learningRate) }
    staleness.record(arena.version - version)
    arena.countCommit(index)
    lossSum += value.item()
    updates += 1
  }

  /// Subtracts the step from the shared parameters, each worker beginning at another parameter so that
  /// they don't follow one another through the same lines.
  private func update(_ learningRate: Double) {
    let first = entries.isEmpty ? 0 : index * entries.count / max(arena.workers, 1)
    for entry in entries[first...] + entries[..<first] {
      guard entry.tensor.accumulator?.gradient != nil else { continue }
      subtract(entry, learningRate)
    }
  }

  private func subtract(_ entry: ParameterLayout.Entry, _ learningRate: Double) {
    let policy = policy ?? .standard(count: entry.tensor.count)
    let step = Self.floats(delta)
    let decay = optimizer.decays(entry.tensor.shape) ? optimizer.weightDecay : 0
    let end = entry.offset + entry.tensor.count
    for begin in stride(from: entry.offset, to: end, by: Self.blockCount) {
      let count = min(Self.blockCount, end - begin)
      ck_hogwild_sgd_delta_f32(
        step, Self.floats(gradients) + begin, Self.floats(snapshot) + begin,
        momentum.map { Self.floats($0) + begin }, count, learningRate, optimizer.momentum,
        decay, optimizer.nesterov ? 1 : 0)
      retries += policy.subtract(step, from: arena.parameters + begin, count: count)
    }
  }
}
