import SounderArray

/// Named arrays and texts in the safetensors format.
///
/// The format: the header's length as eight bytes, lowest first; a JSON header that gives type, shape
/// and byte range of every array; then the bytes, without gaps.
public struct Safetensors: Sendable {
  /// The arrays by name.
  public var arrays: [String: NDArray]
  /// Texts that describe the file.
  public var metadata: [String: String]

  /// A collection of arrays.
  public init(arrays: [String: NDArray] = [:], metadata: [String: String] = [:]) {
    self.arrays = arrays
    self.metadata = metadata
  }

  /// The largest header that is read or written.
  static let maximumHeaderSize = 100_000_000

  /// The name that the metadata have in the header.
  static let metadataKey = "__metadata__"

  /// The format's name of an element type, or nil if it has none.
  static func typeName(_ dtype: DType) -> String? {
    switch dtype {
    case .bool: "BOOL"
    case .uint8: "U8"
    case .int32: "I32"
    case .int64: "I64"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .float32: "F32"
    case .float64: "F64"
    case .complex64: "C64"
    case .complex128: nil
    }
  }
}
