/// A strided view of typed elements in a ``Storage``.
///
/// A value type: copying an array copies the view, not the elements. It knows nothing of gradients.
public struct NDArray: @unchecked Sendable {
  // @unchecked: as Storage, which holds the only mutable state.

  /// The bytes, shared with every view of them.
  public let storage: Storage
  /// The type of the elements.
  public let dtype: DType
  /// Where element [0, …] lies, in elements from the start of the storage.
  public let offset: Int
  /// The extents.
  public let shape: Shape
  /// Distances between neighbours, in elements; 0 along a broadcast dimension.
  public let strides: Strides

  /// A view with all its parts given.
  @inlinable
  public init(storage: Storage, dtype: DType, offset: Int = 0, shape: Shape, strides: Strides) {
    self.storage = storage
    self.dtype = dtype
    self.offset = offset
    self.shape = shape
    self.strides = strides
  }

  /// An uninitialised contiguous array.
  @inlinable
  public init(uninitialized shape: Shape, _ dtype: DType) {
    self.init(
      storage: Storage(byteCount: shape.elementCount * dtype.byteSize), dtype: dtype,
      shape: shape, strides: shape.contiguousStrides)
  }

  /// Whether no other array shares the storage, so that a result may be written over this one.
  ///
  /// False is always possible: a reference somebody is about to drop counts.
  @inlinable public var hasUniqueStorage: Bool { _getRetainCount(storage) == 1 }

  /// The number of elements.
  @inlinable public var count: Int { shape.elementCount }

  /// The number of dimensions.
  @inlinable public var rank: Int { shape.count }

  /// The address of element [0, …].
  @inlinable public var pointer: UnsafeMutableRawPointer {
    storage.base + offset * dtype.byteSize
  }

  /// Whether the elements lie one after the other in row-major order.
  @inlinable public var isContiguous: Bool {
    var expected = 1
    var axis = rank - 1
    while axis >= 0 {
      let extent = shape[axis]
      if extent != 1 {
        if extent == 0 { return true }
        if strides[axis] != expected { return false }
        expected *= extent
      }
      axis -= 1
    }
    return true
  }
}
