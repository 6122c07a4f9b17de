import CKernels

/// A Swift type that can be the element of an array.
public protocol ArrayElement: Sendable {
  /// The corresponding element type.
  static var dtype: DType { get }
}

extension Float: ArrayElement { public static var dtype: DType { .float32 } }
extension Double: ArrayElement { public static var dtype: DType { .float64 } }
extension Int: ArrayElement { public static var dtype: DType { .int64 } }
extension Int64: ArrayElement { public static var dtype: DType { .int64 } }
extension Int32: ArrayElement { public static var dtype: DType { .int32 } }
extension UInt8: ArrayElement { public static var dtype: DType { .uint8 } }
extension Bool: ArrayElement { public static var dtype: DType { .bool } }

extension NDArray {
  /// A contiguous array with the given elements in row-major order; one-dimensional by default.
  public init<Element: ArrayElement>(_ elements: [Element], shape: Shape? = nil) {
    let shape = shape ?? [elements.count]
    require(
      shape.elementCount == elements.count,
      "NDArray: \(elements.count) elements do not fill shape \(shape)")
    self.init(uninitialized: shape, Element.dtype)
    elements.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { pointer.copyMemory(from: base, byteCount: bytes.count) }
    }
  }

  /// A zero-dimensional array with one number.
  public init(scalar: Scalar, _ dtype: DType? = nil) {
    self.init(uninitialized: Shape(), dtype ?? scalar.defaultDType)
    scalar.store(at: pointer, as: self.dtype)
  }

  /// The elements in row-major order, converted to a Swift type.
  public func toArray<Element: ArrayElement>(as type: Element.Type = Element.self) -> [Element] {
    let source = cast(to: Element.dtype).contiguous()
    // Not Array(unsafeUninitializedCapacity:): its closure ends in a call of memmove, and Swift 6.3.1
    // then loses the register that tells of errors (r12 on x86-64) where the code is not specialised.
    let first = source.pointer.assumingMemoryBound(to: Element.self)
    let elements = Array(UnsafeBufferPointer(start: first, count: source.count))
    withExtendedLifetime(source) {}
    return elements
  }

  /// The value of an array with one element.
  public func item() -> Scalar {
    require(count == 1, "item: the array has \(count) elements, not one")
    return Scalar(at: pointer, as: dtype)
  }

  /// The same values in another type; the array itself when it already has the type.
  @inline(__always)
  public func cast(to target: DType) -> NDArray { dtype == target ? self : converted(to: target) }

  @usableFromInline
  func converted(to target: DType) -> NDArray {
    let result = NDArray(uninitialized: shape, target)
    result.copy(from: self)
    return result
  }

  /// The array itself if its elements lie in row-major order without gaps, else a copy that does.
  @inline(__always)
  public func contiguous() -> NDArray { isContiguous ? self : copied() }

  /// A contiguous copy.
  public func copied() -> NDArray { converted(to: dtype) }

  /// Overwrites the elements with those of `source`, broadcast and converted as needed.
  public func copy(from source: NDArray) {
    require(
      source.shape == shape || source.shape.broadcast(with: shape) == shape,
      "copy: shape \(source.shape) does not broadcast to \(shape)")
    let same = source.shape == shape
    Elementwise.run(
      ck_convert(source.dtype.rawValue, dtype.rawValue), self,
      same ? source : source.broadcast(to: shape))
  }

  /// Sets every element to one number.
  public func fill(_ value: Scalar) {
    let one = NDArray(scalar: value, dtype)
    copy(from: one)
  }

  /// A view in a shape this one broadcasts to.
  func broadcast(to target: Shape) -> NDArray {
    NDArray(
      storage: storage, dtype: dtype, offset: offset, shape: target,
      strides: strides(broadcastTo: target))
  }
}
