/// Memory of a message between hosts: words of a header, then values.
///
/// It has an address of its own, as transfers need; a Swift array has none.
final class MessageBuffer {
  private let base: UnsafeMutableRawPointer
  private let headerBytes: Int
  let payloadBytes: Int

  /// A message with a header of `words` words and `payloadBytes` bytes of values.
  init(words: Int, payloadBytes: Int) {
    headerBytes = words * MemoryLayout<UInt64>.stride
    self.payloadBytes = payloadBytes
    // Never empty, so that there is an address.
    base = .allocate(byteCount: headerBytes + payloadBytes + 8, alignment: 64)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: headerBytes + payloadBytes + 8)
  }

  deinit { base.deallocate() }

  /// The whole message.
  var bytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base, count: headerBytes + payloadBytes)
  }

  /// The header.
  var words: UnsafeMutablePointer<UInt64> { base.assumingMemoryBound(to: UInt64.self) }

  /// The values as numbers.
  var floats: UnsafeMutablePointer<Float> {
    (base + headerBytes).assumingMemoryBound(to: Float.self)
  }

  /// A part of the values as bytes.
  func payload(at offset: Int, count: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base + headerBytes + offset, count: count)
  }
}
