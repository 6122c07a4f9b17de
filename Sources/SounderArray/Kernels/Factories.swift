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
  public static func arange(_ start: Scalar, _ end: Scalar, _ dtype: DType? = nil) -> NDArray {
    arange(start, end, 1, dtype)
  }

  /// start, start + step, … before `end`; int64 when all three are integers, else float32.
  public static func arange(
    _ start: Scalar, _ end: Scalar, _ step: Scalar, _ dtype: DType? = nil
  ) -> NDArray {
    require(step.doubleValue != 0, "arange: step is zero")
    let exact = DType.result(PromotionOperand(start), PromotionOperand(end), PromotionOperand(step))
    let type = dtype ?? (exact.isDifferentiable ? .float32 : .int64)
    var length = (end.doubleValue - start.doubleValue) / step.doubleValue
    if type == .int64 {
      require(step.intValue != 0, "arange: step is zero as an integer")
      length = Double(end.intValue - start.intValue) / Double(step.intValue)
    }
    require(length.isFinite && length < 0x1p53, "arange: \(length) elements")
    let count = Swift.max(Int(length.rounded(.up)), 0)
    if !type.isDifferentiable {
      return NDArray((0..<count).map { start.intValue + $0 * step.intValue }).cast(to: type)
    }
    return NDArray((0..<count).map { start.doubleValue + Double($0) * step.doubleValue })
      .cast(to: type)
  }

  /// `steps` numbers from `start` to `end`, both included, at equal distances.
  public static func linspace(
    _ start: Scalar, _ end: Scalar, _ steps: Int, _ dtype: DType? = nil
  ) -> NDArray {
    require(steps >= 0, "linspace: \(steps) steps")
    let isComplex = [start, end].contains { if case .complex = $0 { true } else { false } }
    let type = dtype ?? (isComplex ? .complex64 : .float32)
    let (first, last) = (start.rounded(to: type), end.rounded(to: type))
    let divisor = Double(Swift.max(steps - 1, 1))
    let step = (
      real: (last.doubleValue - first.doubleValue) / divisor,
      imaginary: (last.imaginary - first.imaginary) / divisor
    )
    let result = NDArray(uninitialized: [steps], type)
    for index in 0..<steps {
      // Each half counts from its own end, so that both ends are exact.
      let isLower = index < steps / 2
      let origin = isLower ? first : last
      let distance = Double(isLower ? index : index - steps + 1)
      let real = steps == 1 ? first.doubleValue : origin.doubleValue + step.real * distance
      let imaginary = steps == 1 ? first.imaginary : origin.imaginary + step.imaginary * distance
      let value: Scalar = type.isComplex ? .complex(real, imaginary) : .float(real)
      value.store(at: result.address(index), as: type)
    }
    return result
  }

  /// `steps` numbers between the elements of zero-dimensional arrays.
  public static func linspace(
    _ start: NDArray, _ end: NDArray, _ steps: Int, _ dtype: DType? = nil
  ) -> NDArray { linspace(start.item(), end.item(), steps, dtype) }

  /// `steps` numbers between the element of a zero-dimensional array and a number.
  public static func linspace(
    _ start: NDArray, _ end: Scalar, _ steps: Int, _ dtype: DType? = nil
  ) -> NDArray { linspace(start.item(), end, steps, dtype) }

  /// `steps` numbers between a number and the element of a zero-dimensional array.
  public static func linspace(
    _ start: Scalar, _ end: NDArray, _ steps: Int, _ dtype: DType? = nil
  ) -> NDArray { linspace(start, end.item(), steps, dtype) }

  /// The identity matrix.
  public static func eye(_ n: Int, _ dtype: DType? = nil) -> NDArray { eye(n, n, dtype) }

  /// The identity matrix with more rows or columns.
  public static func eye(_ n: Int, _ m: Int?, _ dtype: DType? = nil) -> NDArray {
    let result = zeros([n, m ?? n], dtype)
    diagonal(result).fill(1)
    return result
  }

  /// A zero-dimensional array; float32 unless given.
  public static func scalarTensor(_ s: Scalar, _ dtype: DType? = nil) -> NDArray {
    if let dtype { return NDArray(scalar: s, dtype) }
    if case .complex = s { return NDArray(scalar: s, .complex64) }
    return NDArray(scalar: s, .float32)
  }

  /// Zeros in the shape, and unless given the type, of another array.
  public static func zerosLike(_ self: NDArray, _ dtype: DType? = nil) -> NDArray {
    zeros(self.shape, dtype ?? self.dtype)
  }

  /// Ones in the shape, and unless given the type, of another array.
  public static func onesLike(_ self: NDArray, _ dtype: DType? = nil) -> NDArray {
    full(self.shape, 1, dtype ?? self.dtype)
  }

  /// One number in the shape, and unless given the type, of another array.
  public static func fullLike(_ self: NDArray, _ fillValue: Scalar, _ dtype: DType? = nil)
    -> NDArray
  { full(self.shape, fillValue, dtype ?? self.dtype) }
}

extension Scalar {
  /// The nearest number that is a value of a type.
  fileprivate func rounded(to dtype: DType) -> Scalar { NDArray(scalar: self, dtype).item() }
}
