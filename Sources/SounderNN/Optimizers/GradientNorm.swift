import CKernels
import SounderArray

/// The global norm of gradients in flat memory, from partial sums that may be computed anywhere.
///
/// The memory is cut into blocks of ``blockSize`` elements, each block gives one partial sum in
/// double precision, and the partial sums are added in order: the norm has the same bits whichever
/// rank or thread computed which block.
public enum GradientNorm {
  /// The elements of one partial sum.
  public static let blockSize = 4096

  /// The number of partial sums of `count` elements.
  public static func blockCount(_ count: Int) -> Int { (count + blockSize - 1) / blockSize }

  /// Writes the sums of squares of some blocks to their places in `partials`.
  ///
  /// - Parameters:
  ///   - gradients: All the gradients, `count` elements of type `dtype` (float32 or float64).
  ///   - blocks: The blocks to sum, at most ``blockCount(_:)`` of `count`.
  ///   - partials: One element for each block of the whole.
  public static func sumSquares(
    of gradients: UnsafeRawPointer, count: Int, dtype: DType, blocks: Range<Int>,
    into partials: UnsafeMutablePointer<Double>
  ) {
    require(
      dtype == .float32 || dtype == .float64,
      "gradient norm: gradients must be float32 or float64, not \(dtype)")
    for block in blocks {
      let begin = Int64(block * blockSize)
      let end = Int64(min((block + 1) * blockSize, count))
      partials[block] =
        dtype == .float32
        ? ck_squared_norm_f32(gradients.assumingMemoryBound(to: Float.self), begin, end)
        : ck_squared_norm_f64(gradients.assumingMemoryBound(to: Double.self), begin, end)
    }
  }

  /// The norm whose squared partial sums are given.
  public static func norm(ofPartials partials: some Sequence<Double>) -> Double {
    partials.reduce(0, +).squareRoot()
  }

  /// The norm of contiguous gradients.
  public static func norm(of gradients: UnsafeRawPointer, count: Int, dtype: DType) -> Double {
    let blocks = blockCount(count)
    let partials = [Double](unsafeUninitializedCapacity: blocks) { buffer, initialized in
      if let base = buffer.baseAddress {
        sumSquares(of: gradients, count: count, dtype: dtype, blocks: 0..<blocks, into: base)
      }
      initialized = blocks
    }
    return norm(ofPartials: partials)
  }

  /// The factor that brings gradients of norm `norm` down to `maximum`; 1 when they are below it.
  ///
  /// As in PyTorch, 1e-6 is added to the norm, and a norm that is not finite leaves gradients that
  /// are not finite either.
  public static func scale(norm: Double, maximum: Double) -> Double {
    let factor = maximum / (norm + 1e-6)
    return factor < 1 || factor.isNaN ? factor : 1
  }
}
