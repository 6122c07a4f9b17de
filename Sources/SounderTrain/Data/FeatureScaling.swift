import SounderArray

/// An affine change of features: `x · scale + shift`.
public enum FeatureScaling: Sendable, Equatable {
  /// No change.
  case identity
  /// The same numbers for all features.
  case uniform(scale: Float, shift: Float)
  /// Numbers for each feature.
  case perFeature(scale: [Float], shift: [Float])

  /// Bytes to the interval from 0 to 1.
  public static let unit = FeatureScaling.uniform(scale: 1 / 255, shift: 0)

  /// Mean 0 and deviation 1 over all features together, which suits images.
  public static func standardizingAll(_ features: NDArray) -> FeatureScaling {
    var (sum, squares) = (0.0, 0.0)
    forEachRow(of: features) { row in
      for value in row {
        sum += Double(value)
        squares += Double(value) * Double(value)
      }
    }
    let count = Double(max(features.count, 1))
    let (scale, shift) = affine(mean: sum / count, meanSquare: squares / count)
    return .uniform(scale: scale, shift: shift)
  }

  /// Mean 0 and deviation 1 for each feature on its own, which suits tables.
  public static func standardizingEach(_ features: NDArray) -> FeatureScaling {
    let width = features.shape[1]
    var sum = [Double](repeating: 0, count: width)
    var squares = sum
    forEachRow(of: features) { row in
      for column in 0..<width {
        let value = Double(row[column])
        sum[column] += value
        squares[column] += value * value
      }
    }
    let count = Double(max(features.shape[0], 1))
    let pairs = (0..<width).map { affine(mean: sum[$0] / count, meanSquare: squares[$0] / count) }
    return .perFeature(scale: pairs.map(\.scale), shift: pairs.map(\.shift))
  }

  /// Constant features keep scale 1, so that they become 0 rather than not-a-number.
  private static func affine(mean: Double, meanSquare: Double) -> (scale: Float, shift: Float) {
    let deviation = max(meanSquare - mean * mean, 0).squareRoot()
    let scale = deviation > 1e-12 * max(abs(mean), 1) ? 1 / deviation : 1
    return (Float(scale), Float(-mean * scale))
  }

  private static func forEachRow(
    of features: NDArray, _ body: (UnsafeBufferPointer<Float>) -> Void
  ) {
    let width = features.shape[1]
    withUnsafeTemporaryAllocation(of: Float.self, capacity: max(width, 1)) { row in
      for sample in 0..<features.shape[0] {
        if features.dtype == .uint8 {
          let source = features.pointer.assumingMemoryBound(to: UInt8.self) + sample * width
          for column in 0..<width { row[column] = Float(source[column]) }
        } else {
          let source = features.pointer.assumingMemoryBound(to: Float.self) + sample * width
          for column in 0..<width { row[column] = source[column] }
        }
        body(UnsafeBufferPointer(rebasing: row[0..<width]))
      }
    }
  }
}
