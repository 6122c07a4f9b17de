import CKernels
import SounderArray
import SounderAutograd
import SounderComm
import SounderNN

/// This rank's part of reduction and update: its slice of every bucket.
///
/// In the sharded form a block of the summed gradient goes from the addition straight into the
/// optimiser, which changes the shared parameters; nobody gathers anything. When the update waits for a
/// verdict or a norm, and in the replicated form, the sum is kept first. A parameter that nobody used
/// is left alone by the optimiser: no decay, no momentum, no step counted.
final class SliceUpdate {
  let memory: StepRegion
  /// The optimiser for parameters of float32, and that for those of float64.
  let optimizer: FlatOptimizer?
  let wideOptimizer: FlatOptimizer?
  let entries: [WordLayout.Entry]
  let isSharded: Bool
  let pieces: PieceNumbers
  let sum: TreeSum
  /// Parameters and state the optimiser works on: shared, or this rank's own.
  let parameters: UnsafeMutablePointer<Float>
  /// The optimiser's state arrays as every parameter sees them, counted like the flat layout.
  let state: [[UnsafeMutableRawPointer]]
  let ownMemory: [NDArray]
  /// The first element of each parameter.
  let origins: [Int]
  /// Whether weight decay acts on each parameter.
  let decays: [Bool]
  /// The updates every parameter has had, which Adam's bias correction depends on.
  var stepCounts: [Int]
  /// This rank's slice of every bucket, and what it adds up over its host for other hosts.
  private(set) var slices: [[BucketPlan.Segment]] = []
  private(set) var contributions: [[BucketPlan.Segment]] = []
  /// The slices of every bucket that the other rank of a pair updates.
  private var foreignSlices: [[BucketPlan.Segment]] = []
  /// Whether sums are looked at while they are in the first cache.
  var checksSums = false
  /// The rate of this step.
  var learningRate = 0.0
  /// Whether updates are this object's affair and not the user's.
  var hasOptimizer: Bool { optimizer != nil }

  /// What a step does with the sums.
  struct Policy {
    /// Whether updates wait until all sums are there.
    var defersUpdate: Bool
    /// Whether the norm of the gradient is wanted.
    var measuresNorm: Bool
  }
  private(set) var policy = Policy(defersUpdate: false, measuresNorm: false)
  /// Whether sums are kept until the end of the step.
  var defersUpdate: Bool { !isSharded || policy.defersUpdate }

  init(
    model: Module, memory: StepRegion, optimizer: FlatOptimizer?, group: any ProcessGroup,
    update: DataParallel.Update, leaves: [TreeSum.Leaf], shards: Int,
    ownedState: [Int: Range<Int>]? = nil, previous: SliceUpdate? = nil
  ) throws {
    self.memory = memory
    self.optimizer = optimizer
    wideOptimizer = optimizer.map { FlatOptimizer($0.configuration, dtype: .float64) }
    let layout = try WordLayout(model)
    let entries = layout.entries
    pieces = PieceNumbers(ranges: entries.map(\.range))
    sum = TreeSum(leaves: leaves, root: 0..<shards)
    origins = entries.map(\.offset)
    decays = entries.map { optimizer?.configuration.decays($0.tensor.shape) ?? false }
    stepCounts = Array(repeating: 0, count: entries.count)
    isSharded = update == .sharded
    self.entries = entries
    let slots = 0..<(optimizer?.stateSlotCount ?? 0)
    if let ownedState {
      let (starts, count) = Self.places(of: ownedState, entries)
      ownMemory = slots.map { _ in Kernels.zeros([count], .float32) }
      parameters = memory.parameters
      state = Self.views(of: ownMemory, ownedState, at: starts)
    } else if isSharded {
      ownMemory = []
      parameters = memory.parameters
      let shared = slots.map { UnsafeMutableRawPointer(memory.state($0)) }
      state = Array(repeating: shared, count: entries.count)
    } else {
      let count = memory.elementCount
      ownMemory = (0...slots.count).map { _ in Kernels.zeros([count], .float32) }
      parameters = ownMemory[0].pointer.assumingMemoryBound(to: Float.self)
      state = Array(repeating: ownMemory.dropFirst().map(\.pointer), count: entries.count)
    }
    if let previous { takeOver(previous) }
    try bind(layout, group)
  }

  func deallocate() { sum.deallocate() }

  // MARK: One step

  /// Takes over the buckets of the coming steps.
  func adopt(_ plan: BucketPlan, _ network: (any NetworkLeg)?) {
    let (rank, size) = (memory.region.localRank, memory.region.localSize)
    slices = plan.buckets.map { network?.slice(of: $0) ?? $0.slice(rank, of: size) }
    contributions = plan.buckets.map { network?.contribution(to: $0) ?? [] }
    let bytes = memory.elementCount * MemoryLayout<Float>.stride
    if network == nil && isSharded && size == 2 && bytes <= Self.claimLimit {
      foreignSlices = plan.buckets.map { $0.slice(1 - rank, of: size) }
    }
  }

  /// The size of parameters that stay in a core's second-level cache from one step to the next.
  ///
  /// Beyond, claiming them costs more than it saves (EPYC, 1 MiB a core).
  private static let claimLimit = 1 << 20

  /// Claims the parameters of a bucket that the other of two ranks will update.
  ///
  /// To be called before this rank says that it has read them for the last time in this step: the update
  /// then takes them straight from this rank's cache. With more ranks the readers would take the lines
  /// from each other.
  func claimParameters(ofBucket bucket: Int) {
    guard !foreignSlices.isEmpty else { return }
    for segment in foreignSlices[bucket] {
      ck_shared_prefetch_for_writing(
        parameters + segment.range.lowerBound, segment.range.count * MemoryLayout<Float>.stride)
    }
  }

  func begin(learningRate: Double, policy: Policy) {
    self.learningRate = learningRate
    self.policy = policy
  }
}
