extension Kernels {
  /// Uniform values in [0, 1) from a stream, which moves on.
  public static func rand(_ size: [Int], _ stream: inout RandomStream, _ dtype: DType? = nil)
    -> NDArray
  {
    let result = NDArray(uninitialized: Shape(size), dtype ?? .float32)
    stream.uniform(result)
    return result
  }

  /// Standard normal values from a stream, which moves on.
  public static func randn(_ size: [Int], _ stream: inout RandomStream, _ dtype: DType? = nil)
    -> NDArray
  {
    let result = NDArray(uninitialized: Shape(size), dtype ?? .float32)
    stream.normal(result)
    return result
  }

  /// Elements set to zero with probability p, the others scaled by 1 / (1 - p), and the mask of those
  /// that stay, as bool.
  public static func nativeDropout(_ input: NDArray, _ p: Double, _ stream: RandomStream)
    -> (NDArray, NDArray)
  {
    require(p >= 0 && p <= 1, "native_dropout: p is \(p), not a probability")
    let mask = NDArray(uninitialized: input.shape, .bool)
    var stream = stream
    stream.bernoulli(mask, 1 - p)
    let kept = mul(input, mask)
    return (mul(kept, .float(p < 1 ? 1 / (1 - p) : 0), out: kept), mask)
  }
}
