import CKernels
import SounderComm
import SounderNN

extension HostSpeed {
  /// Measures how fast ranks of this host add each other's gradients and update.
  ///
  /// As in a step, every rank has just written its own gradient when the others read it. The ranks are threads; no
  /// more than there are cores, because time-slicing is the simulation's business.
  ///
  /// - Parameters:
  ///   - ranks: the ranks on the host.
  ///   - cores: the cores they may use.
  ///   - elementCount: the elements of the gradient, which decides what stays in caches.
  /// - Throws: ``CommunicationError``.
  public static func measure(
    ranks: Int, cores: Int, elementCount: Int, optimizer: OptimizerConfiguration
  ) throws -> HostSpeed {
    let threads = max(min(ranks, cores), 1)
    let count = min(max(elementCount, 1 << 14), 1 << 23) / threads * threads
    let results = try ThreadGroup.run(ranks: threads) { group in
      try RankSpeed(group, count: count, optimizer: FlatOptimizer(optimizer)).measure()
    }
    return HostSpeed(
      cores: cores, sumSeconds: results.map(\.sum).max() ?? 0,
      updateSeconds: results.map(\.update).max() ?? 0, flagSeconds: results[0].flag)
  }
}

/// One rank's part of the measurement.
private struct RankSpeed {
  let group: ThreadGroup
  let count: Int
  let optimizer: FlatOptimizer
  let region: SharedRegion

  /// Repetitions, of which the median counts.
  private static let rounds = 15
  private static let barriers = 400

  init(_ group: ThreadGroup, count: Int, optimizer: FlatOptimizer) throws {
    self.group = group
    self.count = count
    self.optimizer = optimizer
    let arrays = group.size + 1 + optimizer.stateSlotCount
    region = try group.makeSharedRegion(byteCount: arrays * count * MemoryLayout<Float>.stride)
  }

  private func array(_ index: Int) -> UnsafeMutablePointer<Float> {
    region.pointer(
      at: index * count * MemoryLayout<Float>.stride, as: Float.self, count: count)
  }

  func measure() throws -> (sum: Double, update: Double, flag: Double) {
    let leaves = (0..<group.size).map {
      TreeSum.Leaf(node: $0..<$0 + 1, base: UnsafePointer(array($0)))
    }
    let sum = TreeSum(leaves: leaves, root: 0..<group.size)
    defer { sum.deallocate() }
    let slice = count * group.rank / group.size..<count * (group.rank + 1) / group.size
    var sums: [Double] = []
    var updates: [Double] = []
    for round in 0..<Self.rounds * 2 {
      array(group.rank).update(repeating: Float(round), count: count)
      try group.barrier()
      let begin = ck_monotonic_nanoseconds()
      for start in stride(from: slice.lowerBound, to: slice.upperBound, by: TreeSum.blockCount) {
        let block = start..<min(start + TreeSum.blockCount, slice.upperBound)
        let gradient = sum.block(block)
        if round % 2 == 1 { update(block, gradient, round) }
      }
      let seconds = Double(ck_monotonic_nanoseconds() - begin) * 1e-9 / Double(slice.count)
      if round % 2 == 1 { updates.append(seconds) } else { sums.append(seconds) }
      try group.barrier()
    }
    let begin = ck_monotonic_nanoseconds()
    for _ in 0..<Self.barriers { try group.barrier() }
    let flag = Double(ck_monotonic_nanoseconds() - begin) * 1e-9 / Double(Self.barriers)
    let perElement = sums.sorted()[sums.count / 2]
    let both = updates.sorted()[updates.count / 2]
    return (perElement / Double(group.size), max(both - perElement, 0), flag)
  }

  private func update(_ block: Range<Int>, _ gradient: UnsafePointer<Float>, _ round: Int) {
    let state = (0..<optimizer.stateSlotCount).map {
      UnsafeMutableRawPointer(array(group.size + 1 + $0))
    }
    optimizer.update(
      block, parameters: array(group.size), gradients: gradient - block.lowerBound, state: state,
      step: round + 1, learningRate: 1e-6)
  }
}
