/// The extents of an array, at most eight, stored inline.
///
/// Operators read and build shapes all the time, so a shape costs no allocation: eight machine words
/// and a count. Strides use the same type under the name ``Strides``.
@frozen
public struct Shape: Sendable {
  /// The largest number of dimensions an array may have.
  public static let maximumRank = 8

  @usableFromInline var values: InlineArray<8, Int>
  @usableFromInline var length: Int

  /// The shape of a zero-dimensional array.
  @inlinable public init() {
    values = InlineArray(repeating: 0)
    length = 0
  }

  /// A shape of `count` equal extents.
  @inlinable public init(repeating value: Int, count: Int) {
    require(count <= Self.maximumRank, "shape: \(count) dimensions, at most 8 are supported")
    values = InlineArray(repeating: 0)
    length = count
    for axis in 0..<count { values[axis] = value }
  }

  /// A shape with the elements of a sequence.
  @inlinable public init(_ elements: some Sequence<Int>) {
    self.init()
    for element in elements { append(element) }
  }

  /// Adds an extent after the last.
  @inlinable public mutating func append(_ value: Int) {
    require(length < Self.maximumRank, "shape: more than 8 dimensions are not supported")
    values[length] = value
    length += 1
  }

  /// The number of elements of an array of this shape; 1 for a zero-dimensional one.
  @inlinable public var elementCount: Int {
    var product = 1
    for axis in 0..<length { product *= values[axis] }
    return product
  }

  /// Row-major strides, in elements.
  @inlinable public var contiguousStrides: Strides {
    var strides = Strides(repeating: 1, count: length)
    var stride = 1
    var axis = length - 1
    while axis >= 0 {
      strides.values[axis] = stride
      stride *= Swift.max(values[axis], 1)
      axis -= 1
    }
    return strides
  }
}

/// Distances between neighbours along each dimension, in elements.
public typealias Strides = Shape

extension Shape: RandomAccessCollection, MutableCollection, ExpressibleByArrayLiteral, Hashable {
  /// Zero.
  @inlinable public var startIndex: Int { 0 }
  /// The number of dimensions.
  @inlinable public var endIndex: Int { length }

  /// The extent of a dimension.
  @inlinable public subscript(axis: Int) -> Int {
    get { values[axis] }
    set { values[axis] = newValue }
  }

  /// A shape written as a literal.
  @inlinable public init(arrayLiteral elements: Int...) { self.init(elements) }

  /// Whether both have the same extents.
  @inlinable public static func == (a: Shape, b: Shape) -> Bool {
    guard a.length == b.length else { return false }
    for axis in 0..<a.length where a.values[axis] != b.values[axis] { return false }
    return true
  }

  /// Feeds the extents to a hasher.
  @inlinable public func hash(into hasher: inout Hasher) {
    for axis in 0..<length { hasher.combine(values[axis]) }
  }
}

extension Shape: CustomStringConvertible {
  /// The extents in brackets, `[2, 3]`.
  public var description: String { "[" + map(String.init).joined(separator: ", ") + "]" }
}

extension Shape {
  /// The shape two operands broadcast to, or nil when an extent differs and neither is 1.
  @inlinable public func broadcast(with other: Shape) -> Shape? {
    if self == other { return self }
    let count = Swift.max(length, other.length)
    var result = Shape(repeating: 1, count: count)
    for back in 1...Swift.max(count, 1) where back <= count {
      let a = back <= length ? values[length - back] : 1
      let b = back <= other.length ? other.values[other.length - back] : 1
      guard a == b || a == 1 || b == 1 else { return nil }
      result.values[count - back] = a == 1 ? b : a
    }
    return result
  }

  /// The non-negative index of a dimension counted from either end; traps with `operation` when out of range.
  @inlinable public func axis(_ dim: Int, _ operation: @autoclosure () -> String) -> Int {
    let limit = Swift.max(length, 1)
    require(
      dim >= -limit && dim < limit,
      "\(operation()): dimension \(dim) is out of range for shape \(self)")
    return dim < 0 ? dim + limit : dim
  }
}
