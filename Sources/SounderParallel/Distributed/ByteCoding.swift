import SounderArray

/// Writes numbers and texts one after the other; messages between ranks consist of them.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func write(_ value: UInt64) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func write(_ value: Int) { write(UInt64(bitPattern: Int64(value))) }

  mutating func write(_ value: UInt8) { bytes.append(value) }

  mutating func write(_ text: String) {
    write(text.utf8.count)
    bytes.append(contentsOf: text.utf8)
  }

  mutating func write(_ values: [UInt64]) {
    write(values.count)
    for value in values { write(value) }
  }

  mutating func append(_ raw: UnsafeRawBufferPointer) {
    bytes.reserveCapacity(bytes.count + raw.count)
    bytes.append(contentsOf: raw)
  }
}

/// Reads what a ``ByteWriter`` of the same build has written.
struct ByteReader {
  private let bytes: [UInt8]
  private var position: Int

  init(_ bytes: [UInt8], at position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  mutating func word() -> UInt64 {
    require(
      position + 8 <= bytes.count, "DistEngine: a message ends early; all ranks must run one build")
    defer { position += 8 }
    return bytes.withUnsafeBytes {
      UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }
  }

  mutating func int() -> Int { Int(Int64(bitPattern: word())) }

  mutating func byte() -> UInt8 {
    require(
      position < bytes.count, "DistEngine: a message ends early; all ranks must run one build")
    defer { position += 1 }
    return bytes[position]
  }

  mutating func text() -> String {
    let count = int()
    defer { position += count }
    return String(decoding: bytes[position..<position + count], as: UTF8.self)
  }

  mutating func words() -> [UInt64] { (0..<int()).map { _ in word() } }

  /// Everything that follows.
  func withRest<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[position...])) }
  }
}

// What tensors look like in messages: type, extents, elements in row-major order.
extension ByteWriter {
  mutating func write(_ array: NDArray) {
    let dense = array.contiguous()
    write(dense.dtype.rawValue)
    write(dense.shape.map { UInt64($0) })
    append(UnsafeRawBufferPointer(start: dense.pointer, count: dense.count * dense.dtype.byteSize))
  }
}

extension ByteReader {
  /// The array at the end of a message.
  mutating func array() -> NDArray {
    guard let dtype = DType(rawValue: byte()) else {
      fatalError("DistEngine: a message with an unknown element type")
    }
    let shape = Shape(words().map { Int($0) })
    let result = NDArray(uninitialized: shape, dtype)
    withRest { rest in
      require(
        rest.count == result.count * dtype.byteSize,
        "DistEngine: \(rest.count) bytes for \(dtype.name)\(shape); all ranks must run one build")
      UnsafeMutableRawBufferPointer(start: result.pointer, count: rest.count).copyMemory(from: rest)
    }
    return result
  }
}
