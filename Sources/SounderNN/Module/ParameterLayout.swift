import SounderArray
import SounderAutograd

/// Where each trainable parameter of a module lies in one flat piece of memory.
///
/// The order is that of ``Module/namedParameters``. Every parameter begins at a multiple of
/// ``alignment`` elements, a cache line of float32; the gaps belong to nobody and stay zero.
public struct ParameterLayout: Sendable, Hashable {
  /// One parameter.
  public struct Entry: Sendable, Hashable {
    /// The parameter's name in the module.
    public let name: String
    /// Its first element in the flat memory.
    public let offset: Int
    /// Its extents.
    public let shape: Shape

    /// The elements it covers.
    public var range: Range<Int> { offset..<offset + shape.elementCount }
  }

  /// What offsets are multiples of, in elements.
  public static let alignment = 16

  /// The parameters in order.
  public let entries: [Entry]
  /// The type of all parameters.
  public let dtype: DType
  /// The length of the flat memory in elements, a multiple of ``alignment``.
  public let count: Int

  /// The length of the flat memory in bytes.
  public var byteCount: Int { count * dtype.byteSize }

  /// The layout of the parameters that require a gradient, which must all have the same type.
  public init(of module: Module) {
    let parameters = module.namedParameters.filter { $0.tensor.requiresGrad }
    dtype = parameters.first?.tensor.dtype ?? .float32
    var offset = 0
    var entries: [Entry] = []
    for (name, tensor) in parameters.map({ ($0.name, $0.tensor) }) {
      require(
        tensor.dtype == dtype,
        "parameter layout: '\(name)' is \(tensor.dtype) but the parameters before it are \(dtype)")
      entries.append(Entry(name: name, offset: offset, shape: tensor.shape))
      offset += (tensor.count + Self.alignment - 1) / Self.alignment * Self.alignment
    }
    self.entries = entries
    count = offset
  }
}

extension Module {
  /// Moves the trainable parameters into flat memory, where others may see and change them.
  ///
  /// Each parameter keeps its identity, gradient and hooks; only the elements live elsewhere. The
  /// memory may be bound by several modules of the same layout (replicas).
  /// - Parameters:
  ///   - memory: At least `layout.byteCount` bytes, aligned to 64.
  ///   - layout: The layout of this module.
  ///   - owner: What keeps the memory alive; the parameters hold on to it.
  ///   - copying: Whether the current values are written to the memory first. Replicas that join
  ///     pass false and take over the values they find.
  package final func bindParameters(
    to memory: UnsafeMutableRawPointer, layout: ParameterLayout, owner: AnyObject,
    copying: Bool = true
  ) {
    let parameters = parameters.filter(\.requiresGrad)
    require(
      parameters.map(\.shape) == layout.entries.map(\.shape),
      "bindParameters: the layout belongs to another module")
    for (parameter, entry) in zip(parameters, layout.entries) {
      let size = layout.dtype.byteSize
      let storage = Storage(
        base: memory + entry.offset * size, byteCount: entry.shape.elementCount * size,
        owner: owner)
      let array = NDArray(
        storage: storage, dtype: layout.dtype, shape: entry.shape,
        strides: entry.shape.contiguousStrides)
      if copying { array.copy(from: parameter.array) }
      parameter.rebind(array)
    }
  }
}
