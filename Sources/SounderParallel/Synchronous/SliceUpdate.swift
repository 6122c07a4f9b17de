import CKernels
import SounderArray
import SounderAutograd
import SounderComm
import SounderNN

/// This rank's part of reduction and update: its slice of every bucket.
///
/// In the sharded form a block of the summed gradient goes from the addition straight into the
/// optimiser, which changes the shared parameters; nobody gathers anything. With clipping the update
/// waits for the norm, and in the replicated form the sum is left where all ranks can copy it.
final class SliceUpdate {
  private let memory: StepRegion
  private let buckets: BucketPlan
  private let optimizer: FlatOptimizer
  private let options: DataParallel.Options
  private let localRank: Int
  private let localSize: Int
  private let sum: TreeSum
  private let elementCount: Int
  /// Parameters and state the optimiser works on: shared, or this rank's own.
  private let parameters: UnsafeMutablePointer<Float>
  private let state: [UnsafeMutableRawPointer]
  private let ownMemory: [NDArray]
  /// The parameters on which weight decay does not act, in the order of the layout.
  private let undecayed: [Range<Int>]
  private var step = 1
  private var learningRate = 0.0

  private var isSharded: Bool { options.update == .sharded }
  /// Whether slices are updated as soon as they are summed.
  private var updatesAtOnce: Bool { isSharded && options.clipNorm == nil }

  init(
    model: Module, memory: StepRegion, buckets: BucketPlan, optimizer: FlatOptimizer,
    group: any ProcessGroup, options: DataParallel.Options, leaves: [TreeSum.Leaf], shards: Int
  ) throws {
    self.memory = memory
    self.buckets = buckets
    self.optimizer = optimizer
    self.options = options
    localRank = memory.region.localRank
    localSize = memory.region.localSize
    elementCount = memory.elementCount
    sum = TreeSum(leaves: leaves, root: 0..<shards)
    undecayed = model.parameterLayout().entries.filter {
      !optimizer.configuration.decays($0.tensor.shape)
    }.map(\.range)
    let sharded = options.update == .sharded
    let count = memory.elementCount
    if sharded {
      ownMemory = []
      parameters = memory.parameters
      state = (0..<optimizer.stateSlotCount).map { UnsafeMutableRawPointer(memory.state($0)) }
    } else {
      ownMemory = (0...optimizer.stateSlotCount).map { _ in Kernels.zeros([count], .float32) }
      parameters = ownMemory[0].pointer.assumingMemoryBound(to: Float.self)
      state = ownMemory.dropFirst().map(\.pointer)
    }
    try bind(model, group)
  }

  func deallocate() { sum.deallocate() }

  /// Moves the parameters into the memory that is updated, with the values of rank 0.
  private func bind(_ model: Module, _ group: any ProcessGroup) throws {
    let initial = Kernels.zeros([elementCount], .float32)
    model.bindParameters(to: initial.pointer, owner: initial.storage)
    let bytes = UnsafeMutableRawBufferPointer(
      start: initial.pointer, count: elementCount * MemoryLayout<Float>.stride)
    try group.broadcast(bytes, root: 0)
    if !isSharded || localRank == 0 {
      UnsafeMutableRawPointer(parameters).copyMemory(
        from: initial.pointer, byteCount: bytes.count)
    }
    try group.barrier()
    model.bindParameters(
      to: parameters, owner: isSharded ? memory.region : ownMemory[0].storage, copying: false)
  }

  func begin(step: Int, learningRate: Double) {
    self.step = step
    self.learningRate = learningRate
  }

  /// Adds up this rank's slice of a bucket and updates it, or keeps the sum for later.
  func reduce(bucket index: Int) {
    let bucket = buckets.buckets[index]
    for block in blocks(of: bucket.slice(localRank, of: localSize)) {
      let gradient = sum.block(block)
      if updatesAtOnce {
        apply(block, gradient - block.lowerBound, scale: 1)
      } else {
        keptSum.advanced(by: block.lowerBound).update(from: gradient, count: block.count)
      }
    }
    if options.clipNorm != nil { measure(bucket) }
  }

  /// Where sums that are not used at once are kept.
  ///
  /// In the sharded form that is this rank's own first slot, in whose slice nobody else is interested.
  private var keptSum: UnsafeMutablePointer<Float> {
    isSharded ? memory.slot(0, of: localRank) : memory.reduced
  }

  private func measure(_ bucket: BucketPlan.Bucket) {
    let norms = memory.norms(count: buckets.pieceTotal)
    for number in bucket.pieceNumbers(localRank, of: localSize) {
      let piece = number - bucket.firstPiece
      norms[number] = ck_squared_norm_f32(
        keptSum, Int64(bucket.pieceStart(piece)), Int64(bucket.pieceStart(piece + 1)))
    }
  }

  /// The norm of the whole gradient, once all ranks have measured their pieces: summed in the order of
  /// the pieces, so that it does not depend on the number of ranks.
  func gradientNorm() -> Double {
    let norms = memory.norms(count: buckets.pieceTotal)
    return (0..<buckets.pieceTotal).reduce(0) { $0 + norms[$1] }.squareRoot()
  }

  /// Updates this rank's slices with the clipped gradient.
  func applyDeferred(norm: Double?) {
    guard isSharded, let norm else { return }
    for bucket in buckets.buckets {
      for block in blocks(of: bucket.slice(localRank, of: localSize)) {
        apply(block, UnsafePointer(keptSum), scale: clipScale(norm))
      }
    }
  }

  /// Gives every parameter its whole gradient and updates this rank's copy of the parameters.
  func finishReplicated(_ tensors: [Tensor], _ ranges: [Range<Int>], norm: Double?) {
    guard !isSharded else { return }
    let own = memory.slot(0, of: localRank)
    own.update(from: memory.reduced, count: elementCount)
    for (tensor, range) in zip(tensors, ranges) {
      tensor.accumulator?.gradient = Tensor(
        memory.array(own, offset: range.lowerBound, shape: tensor.shape))
    }
    apply(0..<elementCount, UnsafePointer(own), scale: norm.map(clipScale) ?? 1)
  }

  /// Adds this host's gradients up to its tree nodes, in this rank's slice.
  func reduceHostPartials(_ hosts: HostExchange, plan: ShardPlan) {
    let leaves = hosts.localLeaves(in: memory, plan: plan)
    for (node, target) in hosts.ownNodes(in: memory) {
      let partial = TreeSum(
        leaves: leaves.filter { node.contains($0.node.lowerBound) }, root: node)
      defer { partial.deallocate() }
      for bucket in buckets.buckets {
        for block in blocks(of: bucket.slice(localRank, of: localSize)) {
          (target + block.lowerBound).update(from: partial.block(block), count: block.count)
        }
      }
    }
  }

  private func apply(_ range: Range<Int>, _ gradients: UnsafePointer<Float>, scale: Double) {
    var begin = range.lowerBound
    for part in undecayed[firstUndecayed(after: begin)...] {
      if part.lowerBound >= range.upperBound { break }
      apply(begin..<max(part.lowerBound, begin), gradients, scale, decays: true)
      begin = max(part.lowerBound, begin)
      let end = min(part.upperBound, range.upperBound)
      apply(begin..<end, gradients, scale, decays: false)
      begin = end
    }
    apply(begin..<range.upperBound, gradients, scale, decays: true)
  }

  private func apply(
    _ range: Range<Int>, _ gradients: UnsafePointer<Float>, _ scale: Double, decays: Bool
  ) {
    optimizer.update(
      range, parameters: parameters, gradients: gradients, state: state, step: step,
      learningRate: learningRate, gradientScale: scale, decays: decays)
  }

  /// The first of the undecayed ranges that ends after an element.
  private func firstUndecayed(after element: Int) -> Int {
    var (low, high) = (0, undecayed.count)
    while low < high {
      let middle = (low + high) / 2
      if undecayed[middle].upperBound > element { high = middle } else { low = middle + 1 }
    }
    return low
  }

  private func clipScale(_ norm: Double) -> Double {
    guard let limit = options.clipNorm else { return 1 }
    return min(1, limit / (norm + 1e-6))
  }

  private func blocks(of range: Range<Int>) -> some Sequence<Range<Int>> {
    stride(from: range.lowerBound, to: range.upperBound, by: TreeSum.blockCount).lazy.map {
      $0..<Swift.min($0 + TreeSum.blockCount, range.upperBound)
    }
  }
}
