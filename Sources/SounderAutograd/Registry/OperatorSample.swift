import SounderArray

/// Arguments that an entry gives for its tests, by parameter name.
public struct OperatorSample: Sendable {
  /// One argument of a sample.
  public indirect enum Value: Sendable {
    case tensor(SampleTensor)
    case list([Value])
    case value(OperatorArgument)
  }

  /// The given arguments by parameter name; the others have their defaults.
  public let values: [String: Value]

  /// The dimensions of the first tensor in which an extent of zero has no meaning.
  public let nonempty: [Int]

  init(_ values: [String: Value], nonempty: [Int] = []) {
    self.values = values
    self.nonempty = nonempty
  }

  /// The arguments for a call of `entry`, with `make` making the tensors.
  /// - Throws: ``OperatorError`` if a required argument is missing; what `make` throws.
  public func arguments(
    for entry: OperatorEntry, make: (SampleTensor) throws -> Tensor
  ) throws -> [OperatorArgument] {
    try entry.parameters.map { parameter in
      if let value = values[parameter.name] { return try Self.argument(value, make) }
      guard let value = parameter.defaultValue else {
        throw OperatorError("\(entry.fullName): a sample lacks '\(parameter.name)'")
      }
      return value
    }
  }

  private static func argument(
    _ value: Value, _ make: (SampleTensor) throws -> Tensor
  ) rethrows -> OperatorArgument {
    switch value {
    case .tensor(let tensor): .tensor(try make(tensor))
    case .list(let elements): .list(try elements.map { try argument($0, make) })
    case .value(let value): value
    }
  }
}

/// A tensor to be made for a sample: of given values, or random.
public struct SampleTensor: Sendable {
  /// The extents.
  public let shape: Shape
  /// The smallest random value; nil leaves the range to the test.
  public let low: Double?
  /// The end of the range of random values; for integers it is exclusive.
  public let high: Double?
  /// The type; nil leaves it to the test.
  public let dtype: DType?
  /// The elements in row-major order; nil for random ones.
  public let values: [Double]?
  /// Whether the operator takes no other strides than row-major ones.
  public let isContiguous: Bool

  init(
    shape: Shape, low: Double? = nil, high: Double? = nil, dtype: DType? = nil,
    values: [Double]? = nil, isContiguous: Bool = false
  ) {
    self.shape = shape
    self.low = low
    self.high = high
    self.dtype = dtype
    self.values = values
    self.isContiguous = isContiguous
  }
}
