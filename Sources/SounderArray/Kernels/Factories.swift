extension Kernels {
  /// Zeros.
  public static func zeros(_ size: [Int], _ dtype: DType? = nil) -> NDArray {
    zeros(Shape(size), dtype ?? .float32)
  }

  /// Ones.
  public static func ones(_ size: [Int], _ dtype: DType? = nil) -> NDArray {
    full(size, 1, dtype ?? .float32)
  }

  /// One number everywhere; the type follows the number unless given.
  public static func full(_ size: [Int], _ fillValue: Scalar, _ dtype: DType? = nil) -> NDArray {
    full(Shape(size), fillValue, dtype ?? fillValue.defaultDType)
  }

  /// Zeros of an inline shape.
  public static func zeros(_ shape: Shape, _ dtype: DType) -> NDArray {
    let result = NDArray(uninitialized: shape, dtype)
    result.pointer.initializeMemory(
      as: UInt8.self, repeating: 0, count: result.count * dtype.byteSize)
    return result
  }

  /// One number everywhere, for an inline shape.
  public static func full(_ shape: Shape, _ fillValue: Scalar, _ dtype: DType) -> NDArray {
    let result = NDArray(uninitialized: shape, dtype)
    result.fill(fillValue)
    return result
  }

  /// 0, 1, 2, … below `end`.
  public static func arange(_ end: Scalar, _ dtype: DType? = nil) -> NDArray {
    arange(0, end, 1, dtype)
  }

  /// start, start + step, … before `end`; int64 when all three are integers, else float32.
  public static func arange(
    _ start: Scalar, _ end: Scalar, _ step: Scalar = 1, _ dtype: DType? = nil
  ) -> NDArray {
    require(step.doubleValue != 0, "arange: step is zero")
    let exact = DType.result(PromotionOperand(start), PromotionOperand(end), PromotionOperand(step))
    let length = (end.doubleValue - start.doubleValue) / step.doubleValue
    let count = Swift.max(Int(length.rounded(.up)), 0)
    if exact == .int64 {
      return NDArray((0..<count).map { start.intValue + $0 * step.intValue })
        .cast(to: dtype ?? .int64)
    }
    return NDArray((0..<count).map { start.doubleValue + Double($0) * step.doubleValue })
      .cast(to: dtype ?? .float32)
  }

  /// The identity matrix, or one with more rows or columns.
  public static func eye(_ n: Int, _ m: Int? = nil, _ dtype: DType? = nil) -> NDArray {
    let result = zeros([n, m ?? n], dtype)
    diagonal(result).fill(1)
    return result
  }

  /// Zeros in the shape and type of another array.
  public static func zerosLike(_ self: NDArray) -> NDArray { zeros(self.shape, self.dtype) }

  /// Ones in the shape and type of another array.
  public static func onesLike(_ self: NDArray) -> NDArray { full(self.shape, 1, self.dtype) }

  /// One number in the shape and type of another array.
  public static func fullLike(_ self: NDArray, _ fillValue: Scalar) -> NDArray {
    full(self.shape, fillValue, self.dtype)
  }
}
