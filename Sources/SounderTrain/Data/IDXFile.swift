import Foundation
import SounderArray

/// Reads arrays of unsigned bytes in the IDX format of MNIST, plain or compressed by gzip.
///
/// The format: two zero bytes, the element type, the number of dimensions, each extent as four bytes
/// with the highest first, then the elements in row-major order and nothing more.
public enum IDXFile {
  /// The array in a file.
  ///
  /// - Parameter rank: the number of dimensions that the file must have.
  /// - Throws: ``DataError`` naming the byte at which the file is not what it should be.
  public static func read(_ path: String, rank: Int) throws(DataError) -> NDArray {
    let source = try open(path)
    let shape = try header(source, rank: rank)
    let array = NDArray(uninitialized: shape, .uint8)
    let body = UnsafeMutableRawBufferPointer(start: array.pointer, count: array.count)
    let count = try source.read(into: body)
    guard count == array.count else {
      throw DataError(
        path: path, place: .byte(source.offset),
        problem: "the file is truncated: \(shape) needs \(array.count) bytes of data, "
          + "only \(count) are there",
        advice: "fetch the file again")
    }
    try expectEnd(source)
    return array
  }

  private static func open(_ path: String) throws(DataError) -> any ByteSource {
    let file = try InputFile(path: path)
    var magic: (UInt8, UInt8) = (0, 0)
    let count = try withBytes(of: &magic) { buffer throws(DataError) in
      try file.read(into: buffer)
    }
    file.rewind()
    // Names are no guide: downloads lose and gain ".gz" on their way.
    return count == 2 && magic == (0x1F, 0x8B) ? try GzipSource(file) : PlainSource(file)
  }

  private static func header(
    _ source: any ByteSource, rank: Int
  ) throws(DataError) -> Shape {
    func damage(_ offset: Int, _ problem: String, _ advice: String = "") -> DataError {
      DataError(path: source.path, place: .byte(offset), problem: problem, advice: advice)
    }
    let again = "the header is damaged or the file is truncated; fetch it again"
    let magic = try word(source)
    guard magic >> 16 == 0 else {
      throw damage(0, "not an IDX file: the magic number is \(hexadecimal(magic))")
    }
    guard magic >> 8 == 0x08 else {
      throw damage(
        2, "the element type is \(hexadecimal(magic >> 8)), expected 0x08 (unsigned bytes)")
    }
    guard Int(magic & 0xFF) == rank else {
      let kind = rank == 3 ? "images" : "labels"
      throw damage(
        3, "the array has \(magic & 0xFF) dimensions, \(kind) have \(rank)",
        "were images and labels exchanged?")
    }
    var shape = Shape()
    var total = 1
    for axis in 0..<rank {
      let extent = Int(try word(source))
      guard extent > 0 else { throw damage(4 + 4 * axis, "dimension \(axis) is 0") }
      let (product, overflow) = total.multipliedReportingOverflow(by: extent)
      guard !overflow else {
        throw damage(4 + 4 * axis, "dimension \(axis) is \(extent): no file is that large", again)
      }
      shape.append(extent)
      total = product
    }
    // Checked before anything is allocated, so that a damaged header costs no memory.
    guard total <= source.remainingLimit else {
      throw damage(
        source.offset,
        "the header promises \(total) bytes of data \(shape), the file has at most "
          + "\(source.remainingLimit)", again)
    }
    return shape
  }

  private static func word(_ source: any ByteSource) throws(DataError) -> UInt32 {
    var word: UInt32 = 0
    let count = try withBytes(of: &word) { buffer throws(DataError) in
      try source.read(into: buffer)
    }
    guard count == 4 else {
      throw DataError(
        path: source.path, place: .byte(source.offset), problem: "the file ends in its header",
        advice: "fetch the file again")
    }
    return UInt32(bigEndian: word)
  }

  private static func expectEnd(_ source: any ByteSource) throws(DataError) {
    // Reading past the data also makes zlib verify the checksum.
    let end = source.offset
    var extra: UInt8 = 0
    let count = try withBytes(of: &extra) { buffer throws(DataError) in
      try source.read(into: buffer)
    }
    guard count == 0 else {
      throw DataError(
        path: source.path, place: .byte(end), problem: "unexpected bytes after the data",
        advice: "the header's dimensions do not describe this file")
    }
  }

  private static func withBytes<Value: BitwiseCopyable, Result>(
    of value: inout Value,
    _ body: (UnsafeMutableRawBufferPointer) throws(DataError) -> Result
  ) throws(DataError) -> Result {
    let outcome = withUnsafeMutableBytes(of: &value) { buffer in
      Swift.Result { () throws(DataError) in try body(buffer) }
    }
    return try outcome.get()
  }

  private static func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return "0x" + String(repeating: "0", count: max(0, 2 - digits.count)) + digits
  }
}
