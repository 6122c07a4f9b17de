import CKernels
import SounderComm
import SounderNN

extension HostSpeed {
  /// Measures how fast ranks of this host add each other's gradients, copy and meet, and what TCP costs a core.
  ///
  /// As in a step, every rank has just written its own gradient when the others read it. The ranks are threads; no
  /// more than there are cores, because time-slicing is the simulation's business. What updates cost
  /// ``StepProfiler`` finds out.
  ///
  /// - Parameters:
  ///   - ranks: the ranks on the host.
  ///   - cores: the cores they may use.
  ///   - elementCount: the elements of the gradient, which decides what stays in caches.
  /// - Throws: ``CommunicationError``.
  public static func measure(ranks: Int, cores: Int, elementCount: Int) throws -> HostSpeed {
    let threads = max(min(ranks, cores), 1)
    let count = min(max(elementCount, 1 << 14), 1 << 23) / threads * threads
    let results = try ThreadGroup.run(ranks: threads) { group in
      try RankSpeed(group, count: count).measure()
    }
    return HostSpeed(
      cores: cores, sumSeconds: results.map(\.sum).max() ?? 0,
      copySeconds: results.map(\.copy).max() ?? 0, updateSeconds: 0,
      messageSeconds: try LoopbackProbe.secondsPerByte() / 2, flagSeconds: results[0].flag)
  }
}

/// One rank's part of the measurement.
private struct RankSpeed {
  let group: ThreadGroup
  let count: Int
  let region: SharedRegion
  /// The gradients that are added up; a single rank has two.
  let gradients: Int

  /// Repetitions, of which the median counts.
  private static let rounds = 15
  private static let barriers = 400

  init(_ group: ThreadGroup, count: Int) throws {
    self.group = group
    self.count = count
    gradients = max(group.size, 2)
    region = try group.makeSharedRegion(
      byteCount: (gradients + 1) * count * MemoryLayout<Float>.stride)
  }

  private func array(_ index: Int) -> UnsafeMutablePointer<Float> {
    region.pointer(
      at: index * count * MemoryLayout<Float>.stride, as: Float.self, count: count)
  }

  func measure() throws -> (sum: Double, copy: Double, flag: Double) {
    let leaves = (0..<gradients).map {
      TreeSum.Leaf(node: $0..<$0 + 1, base: UnsafePointer(array($0)))
    }
    let sum = TreeSum(leaves: leaves, root: 0..<gradients)
    defer { sum.deallocate() }
    let slice = count * group.rank / group.size..<count * (group.rank + 1) / group.size
    var sums: [Double] = []
    var copies: [Double] = []
    for round in 0..<Self.rounds {
      for index in stride(from: group.rank, to: gradients, by: group.size) {
        array(index).update(repeating: Float(round), count: count)
      }
      sums.append(try seconds(slice) { _ = sum.block($0) })
      let (source, target) = (array(gradients - 1 - group.rank), array(gradients))
      copies.append(
        try seconds(slice) {
          (target + $0.lowerBound).update(from: source + $0.lowerBound, count: $0.count)
        })
    }
    let begin = ck_monotonic_nanoseconds()
    for _ in 0..<Self.barriers { try group.barrier() }
    let flag = Double(ck_monotonic_nanoseconds() - begin) * 1e-9 / Double(Self.barriers)
    return (sums.median / Double(gradients), copies.median, flag)
  }

  /// Seconds an element of working on a slice block by block, all ranks at once.
  private func seconds(_ slice: Range<Int>, _ body: (Range<Int>) -> Void) throws -> Double {
    try group.barrier()
    let begin = ck_monotonic_nanoseconds()
    for start in stride(from: slice.lowerBound, to: slice.upperBound, by: TreeSum.blockCount) {
      body(start..<min(start + TreeSum.blockCount, slice.upperBound))
    }
    let seconds = Double(ck_monotonic_nanoseconds() - begin) * 1e-9
    try group.barrier()
    return seconds / Double(max(slice.count, 1))
  }
}
