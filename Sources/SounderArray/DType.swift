/// The element type of an array.
///
/// `float16` and `bfloat16` exist as storage: values are converted on the way in and out and no
/// kernel computes in them.
public enum DType: UInt8, Sendable, Hashable, CaseIterable {
  case bool, uint8, int32, int64, float16, bfloat16, float32, float64, complex64, complex128

  /// Bytes of one element.
  @inlinable public var byteSize: Int {
    switch self {
    case .bool, .uint8: 1
    case .float16, .bfloat16: 2
    case .int32, .float32: 4
    case .int64, .float64, .complex64: 8
    case .complex128: 16
    }
  }

  /// Whether the type is a real floating-point type.
  @inlinable public var isFloatingPoint: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64: true
    default: false
    }
  }

  /// Whether the type is complex.
  @inlinable public var isComplex: Bool { self == .complex64 || self == .complex128 }

  /// Whether gradients exist for the type.
  @inlinable public var isDifferentiable: Bool { isFloatingPoint || isComplex }

  /// The type's name as PyTorch spells it (`float32`).
  public var name: String { "\(self)" }

  /// The type with the given PyTorch name, or nil.
  public init?(name: String) {
    guard let match = DType.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }
}
