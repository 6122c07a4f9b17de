import SounderArray
import SounderComm
import SounderNN

/// Keeps the buffers of a model, such as running statistics, the same on all ranks.
///
/// Every shard of a step begins with the buffers of the step's begin; at its end each buffer becomes
/// the mean of what the shards made of it, weighted by their samples and added in the order of the
/// shards. So the result does not depend on the number of ranks, bit for bit, and a shard that is
/// normalised by its own statistics contributes its share to the running ones.
final class BufferExchange {
  private let group: any ProcessGroup
  private let buffers: [NamedTensor]
  private let elementCount: Int
  private let shards: Int
  // Double precision holds the values of either type.
  private var before: [Double]
  private var after: [Double]
  private var weights: [Double]

  /// An exchange for the buffers of a model; nil if it has none.
  /// - Throws: ``ParallelError`` for buffers that are neither float32 nor float64.
  init?(model: Module, group: any ProcessGroup, shards: Int) throws {
    buffers = model.namedBuffers
    if buffers.isEmpty { return nil }
    for buffer in buffers where FlatElement(buffer.tensor.dtype) == nil {
      throw ParallelError(
        "parallel.mode sync: buffer '\(buffer.name)' is \(buffer.tensor.dtype), only float32 and "
          + "float64 can be averaged over ranks; convert it")
    }
    self.group = group
    self.shards = shards
    elementCount = buffers.reduce(0) { $0 + $1.tensor.count }
    before = Array(repeating: 0, count: elementCount)
    after = Array(repeating: 0, count: elementCount * shards)
    weights = Array(repeating: 0, count: shards)
  }

  /// Notes the buffers with which every shard begins.
  func beginStep() {
    read(into: &before, at: 0)
    for index in after.indices { after[index] = 0 }
    for shard in weights.indices { weights[shard] = 0 }
  }

  /// Gives a shard the buffers of the step's begin.
  func beginShard() { write(before) }

  /// Takes back what the shards of a step that counts for nothing have made of the buffers.
  func restore() { write(before) }

  /// Notes what a shard with the given share of the samples made of the buffers.
  func endShard(_ shard: Int, weight: Double) {
    weights[shard] = weight
    read(into: &after, at: shard * elementCount)
  }

  /// Joins what all shards of all ranks made of the buffers; every rank calls this.
  /// - Throws: ``CommunicationError``.
  func endStep() throws {
    if group.size > 1 {
      // Each shard is known to one rank and zero elsewhere, so these sums are exact.
      try after.withUnsafeMutableBytes { try group.allReduce($0, .float64, .sum) }
      try weights.withUnsafeMutableBytes { try group.allReduce($0, .float64, .sum) }
    }
    var joined = [Double](repeating: 0, count: elementCount)
    for index in 0..<elementCount {
      var sum = 0.0
      for shard in 0..<shards where weights[shard] > 0 {
        sum += weights[shard] * after[shard * elementCount + index]
      }
      joined[index] = sum
    }
    write(joined)
  }

  private func read(into target: inout [Double], at offset: Int) {
    var next = offset
    for buffer in buffers {
      let values = Kernels.contiguous(buffer.tensor.array.cast(to: .float64))
      withExtendedLifetime(values) {
        let source = values.pointer.assumingMemoryBound(to: Double.self)
        for index in 0..<values.count { target[next + index] = source[index] }
      }
      next += values.count
    }
  }

  private func write(_ source: [Double]) {
    var next = 0
    for buffer in buffers {
      let count = buffer.tensor.count
      buffer.tensor.array.copy(
        from: NDArray(Array(source[next..<next + count]), shape: buffer.tensor.shape)
          .cast(to: buffer.tensor.dtype))
      buffer.tensor.incrementVersion()
      next += count
    }
  }
}
