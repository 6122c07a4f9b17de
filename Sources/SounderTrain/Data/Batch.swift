import SounderArray

/// The samples that one rank processes in one step.
public struct Batch: Sendable {
  /// The part of a batch that is one virtual shard.
  public struct Shard: Sendable {
    /// The shard's number among all shards of the step.
    public let index: Int
    /// The features, `[samples, features]`, float32; int64 for characters.
    public let features: NDArray
    /// The targets, `[samples]`; `[samples, features]` for characters.
    public let targets: NDArray
    /// The number of samples, by which the shard's mean gradient is weighted.
    public var sampleCount: Int { targets.shape[0] }
  }

  /// The epoch, from 0.
  public let epoch: Int
  /// The step within the epoch, from 0.
  public let step: Int
  /// The number of samples over all ranks.
  public let globalCount: Int
  /// This rank's shards, in order.
  public let shards: [Shard]
}

extension Dataset {
  /// The samples with the given numbers: scaled float32 features and their targets, or numbers of
  /// characters and of their successors as int64.
  public func gather(_ samples: some RandomAccessCollection<Int32>) -> (NDArray, NDArray) {
    if vocabulary != nil { return (blocks(features, samples), blocks(targets, samples)) }
    let width = featureCount
    let rows = NDArray(uninitialized: [samples.count, width], .float32)
    let picked = NDArray(uninitialized: [samples.count], targets.dtype)
    let output = rows.pointer.bindMemory(to: Float.self, capacity: rows.count)
    let targetSize = targets.dtype.byteSize
    for (row, sample) in samples.enumerated() {
      let sample = Int(sample)
      copyFeatures(ofSample: sample, into: output + row * width)
      (picked.pointer + row * targetSize).copyMemory(
        from: targets.pointer + sample * targetSize, byteCount: targetSize)
    }
    if targetScaling != TargetScaling() {
      let values = picked.pointer.assumingMemoryBound(to: Float.self)
      for row in 0..<samples.count {
        values[row] = Float((Double(values[row]) - targetScaling.mean) / targetScaling.deviation)
      }
    }
    return (rows, picked)
  }

  private func blocks(
    _ tokens: NDArray, _ samples: some RandomAccessCollection<Int32>
  ) -> NDArray {
    let (width, stride) = (featureCount, tokens.strides[0])
    let rows = NDArray(uninitialized: [samples.count, width], .int64)
    let output = rows.pointer.bindMemory(to: Int64.self, capacity: rows.count)
    let source = tokens.pointer.assumingMemoryBound(to: Int32.self)
    for (row, sample) in samples.enumerated() {
      let block = source + Int(sample) * stride
      for column in 0..<width { output[row * width + column] = Int64(block[column]) }
    }
    return rows
  }

  private func copyFeatures(ofSample sample: Int, into row: UnsafeMutablePointer<Float>) {
    let width = featureCount
    if features.dtype == .uint8 {
      let source = features.pointer.assumingMemoryBound(to: UInt8.self) + sample * width
      if case .uniform(let scale, let shift) = scaling {
        for column in 0..<width { row[column] = Float(source[column]) * scale + shift }
        return
      }
      for column in 0..<width { row[column] = Float(source[column]) }
    } else {
      let source = features.pointer.assumingMemoryBound(to: Float.self) + sample * width
      row.update(from: source, count: width)
    }
    switch scaling {
    case .identity: break
    case .uniform(let scale, let shift):
      for column in 0..<width { row[column] = row[column] * scale + shift }
    case .perFeature(let scale, let shift):
      for column in 0..<width { row[column] = row[column] * scale[column] + shift[column] }
    }
  }
}
