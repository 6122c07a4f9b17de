/// Makes IDX and gzip files byte by byte, so that tests can damage them where they like.
enum IDXBuilder {
  /// A file with a given magic number, extents and data.
  static func file(magic: [UInt8], extents: [UInt32], data: [UInt8]) -> [UInt8] {
    magic + extents.flatMap(bigEndian) + data
  }

  /// Small images: pixel p of image i is 16 i + p.
  static func images(count: Int, side: Int = 2) -> [UInt8] {
    let data = (0..<count).flatMap { image in (0..<side * side).map { UInt8(16 * image + $0) } }
    return file(
      magic: [0, 0, 8, 3], extents: [UInt32(count), UInt32(side), UInt32(side)], data: data)
  }

  /// Labels that count 0, 1, 2 in turn.
  static func labels(count: Int) -> [UInt8] {
    file(magic: [0, 0, 8, 1], extents: [UInt32(count)], data: (0..<count).map { UInt8($0 % 3) })
  }

  static func bigEndian(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
  }

  /// A gzip file with the contents in stored blocks.
  static func gzip(_ bytes: [UInt8]) -> [UInt8] {
    let little = { (value: UInt32) in bigEndian(value).reversed() as [UInt8] }
    let length = UInt16(bytes.count)
    let block = [UInt8(truncatingIfNeeded: length), UInt8(length >> 8)]
    return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 1] + block + block.map { ~$0 } + bytes
      + little(crc32(bytes)) + little(UInt32(bytes.count))
  }

  private static func crc32(_ bytes: [UInt8]) -> UInt32 {
    var crc = UInt32.max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }
}
