import SounderArray
import SounderAutograd

/// Where each trainable parameter of a module lies in one flat piece of memory.
///
/// The order is that of ``Module/namedParameters``; frozen parameters have no place. Every parameter
/// begins at a multiple of ``alignment`` elements, a cache line of float32; the gaps belong to nobody
/// and stay zero.
public struct ParameterLayout: Sendable {
  /// One parameter.
  public struct Entry: Sendable {
    /// The parameter's name in the module.
    public let name: String
    /// The parameter.
    public let tensor: Tensor
    /// Its first element in the flat memory.
    public let offset: Int

    /// The elements it covers.
    public var range: Range<Int> { offset..<offset + tensor.count }
  }

  /// What offsets are multiples of, in elements.
  public static let alignment = 16

  /// The parameters in order.
  public let entries: [Entry]
  /// The length of the flat memory in elements, a multiple of ``alignment``.
  public let elementCount: Int

  /// The layout of the given parameters.
  public init(_ parameters: [NamedTensor]) {
    var offset = 0
    entries = parameters.map { parameter in
      defer {
        offset += (parameter.tensor.count + Self.alignment - 1) / Self.alignment * Self.alignment
      }
      return Entry(name: parameter.name, tensor: parameter.tensor, offset: offset)
    }
    elementCount = offset
  }
}

extension Module {
  /// Where the parameters that require a gradient lie when they are moved into flat memory.
  public final func parameterLayout() -> ParameterLayout {
    ParameterLayout(namedParameters.filter { $0.tensor.requiresGrad })
  }

  /// Moves the trainable parameters, all of one type, into flat memory that others may see and change.
  ///
  /// Each parameter keeps its identity, gradient and hooks; only the elements live elsewhere. Several
  /// modules of the same layout (replicas) may be bound to the same memory.
  /// - Parameters:
  ///   - memory: Room for ``ParameterLayout/elementCount`` elements, aligned to 64 bytes.
  ///   - owner: What keeps the memory alive; the parameters hold on to it.
  ///   - copying: Whether the current values are written to the memory first. Replicas that join
  ///     pass false and take over the values they find.
  package final func bindParameters(
    to memory: UnsafeMutableRawPointer, owner: AnyObject, copying: Bool = true
  ) {
    let layout = parameterLayout()
    for entry in layout.entries {
      let tensor = entry.tensor
      require(
        tensor.dtype == layout.entries[0].tensor.dtype,
        "bindParameters: '\(entry.name)' is \(tensor.dtype), unlike the parameters before it")
      let size = tensor.dtype.byteSize
      let array = NDArray(
        storage: Storage(
          base: memory + entry.offset * size, byteCount: tensor.count * size, owner: owner),
        dtype: tensor.dtype, shape: tensor.shape, strides: tensor.shape.contiguousStrides)
      if copying { array.copy(from: tensor.array) }
      tensor.rebind(array)
    }
  }
}
