import SounderArray

extension Tensor {
  /// A tensor with the given elements in row-major order.
  public convenience init(_ values: [Float], shape: Shape) {
    self.init(NDArray(values, shape: shape))
  }
  /// A tensor with the given elements in row-major order.
  public convenience init(_ values: [Double], shape: Shape) {
    self.init(NDArray(values, shape: shape))
  }
  /// A tensor with the given elements in row-major order.
  public convenience init(_ values: [Int], shape: Shape) {
    self.init(NDArray(values, shape: shape))
  }

  /// A one-dimensional tensor.
  public convenience init(_ values: [Float]) { self.init(values, shape: [values.count]) }
  /// A one-dimensional tensor.
  public convenience init(_ values: [Double]) { self.init(values, shape: [values.count]) }
  /// A one-dimensional tensor.
  public convenience init(_ values: [Int]) { self.init(values, shape: [values.count]) }

  /// A zero-dimensional tensor.
  public convenience init(scalar: Scalar, _ dtype: DType = .float32) {
    self.init(NDArray(scalar: scalar, dtype))
  }

  /// Zeros in the shape of another tensor, say; float32 unless given.
  public static func zeros(_ size: Shape, dtype: DType? = nil) -> Tensor {
    zeros(Array(size), dtype: dtype)
  }

  /// Ones in the shape of another tensor, say; float32 unless given.
  public static func ones(_ size: Shape, dtype: DType? = nil) -> Tensor {
    ones(Array(size), dtype: dtype)
  }

  /// One number, which decides the type unless one is given.
  public static func full(_ size: Shape, _ fillValue: Scalar, dtype: DType? = nil) -> Tensor {
    full(Array(size), fillValue, dtype: dtype)
  }

  /// Standard normal numbers from a counter-based stream, which moves on.
  public static func randn(
    _ shape: Shape, _ dtype: DType = .float32, from stream: inout RandomStream
  ) -> Tensor {
    Tensor(Kernels.randn(Array(shape), &stream, dtype))
  }

  /// Uniform numbers in [0, 1) from a counter-based stream, which moves on.
  public static func rand(
    _ shape: Shape, _ dtype: DType = .float32, from stream: inout RandomStream
  ) -> Tensor {
    Tensor(Kernels.rand(Array(shape), &stream, dtype))
  }

  /// The only element as a number; traps if there is not exactly one.
  public func item() -> Double { array.item().doubleValue }

  /// The elements in row-major order, converted.
  public func floats() -> [Float] { array.toArray(as: Float.self) }
  /// The elements in row-major order, converted.
  public func doubles() -> [Double] { array.toArray(as: Double.self) }
  /// The elements in row-major order, converted.
  public func ints() -> [Int] { array.toArray(as: Int.self) }
}

extension Tensor: CustomStringConvertible {
  /// The elements, and whether a gradient is required.
  public var description: String {
    array.description + (requiresGrad ? (isLeaf ? ", requiresGrad" : ", \(node?.name ?? "")") : "")
  }
}
