import CKernels

/// A 128-bit digest of bytes, texts and arrays, to find out whether processes have the same ones.
///
/// Two different inputs agree with a probability of about 2⁻⁶⁴ unless somebody makes them agree on
/// purpose. Takes about 50 µs a MiB.
///
/// ```swift
/// var digest = Digest()
/// digest.add(weights)
/// print(digest)  // 32 hexadecimal digits
/// ```
public struct Digest: Sendable, Hashable, CustomStringConvertible {
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  /// The digest of nothing.
  public init() {}

  /// The digest of the code and data of the running program's file, without debugging information and
  /// shared libraries; that of nothing if the file cannot be read.
  public static let program: Digest = {
    var words: (UInt64, UInt64) = (0, 0)
    let isKnown = withUnsafeMutableBytes(of: &words) {
      ck_digest_program($0.assumingMemoryBound(to: UInt64.self).baseAddress)
    }
    var digest = Digest()
    if isKnown != 0 { (digest.low, digest.high) = words }
    return digest
  }()

  /// Adds some bytes; the same bytes in two calls give another digest.
  public mutating func add(_ bytes: UnsafeRawBufferPointer) {
    var words = (low, high)
    withUnsafeMutableBytes(of: &words) {
      ck_digest(
        $0.assumingMemoryBound(to: UInt64.self).baseAddress, bytes.baseAddress, Int64(bytes.count))
    }
    (low, high) = words
  }

  /// Adds a text.
  public mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
  }

  /// Adds an array: its type, its shape and its elements, a row at a time where rows are contiguous.
  public mutating func add(_ array: NDArray) {
    add("\(array.dtype) \(array.shape)")
    let size = array.dtype.byteSize
    // Blocks of a text overlap: copying them would take many times the memory of the text.
    if array.rank == 2, array.strides[1] == 1, !array.isContiguous {
      withExtendedLifetime(array) {
        for row in 0..<array.shape[0] {
          add(
            UnsafeRawBufferPointer(
              start: array.pointer + row * array.strides[0] * size, count: array.shape[1] * size))
        }
      }
    } else {
      let values = Kernels.contiguous(array)
      withExtendedLifetime(values) {
        add(UnsafeRawBufferPointer(start: values.pointer, count: values.count * size))
      }
    }
  }

  /// The 16 bytes of the digest.
  public var words: [UInt64] { [low, high] }

  /// 32 hexadecimal digits.
  public var description: String { [high, low].map(Self.hexadecimal).joined() }

  /// The first 12 of the 32 digits, for messages.
  public var short: String { String(description.prefix(12)) }

  private static func hexadecimal(_ word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
