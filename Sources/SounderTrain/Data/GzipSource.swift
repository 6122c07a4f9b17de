import CZlib
import Foundation

/// The contents of a gzip file, inflated in pieces and checked against its checksum and length.
final class GzipSource: ByteSource {
  private let file: InputFile
  private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 16)
  private var stream = z_stream()
  private var isEnded = false
  private(set) var offset = 0
  private var consumed = 0

  /// A source that reads from the start of a file.
  init(_ file: InputFile) throws(DataError) {
    self.file = file
    // 15 is the largest window; 16 more asks for a gzip header and trailer.
    let status = inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else {
      throw DataError(kind: .inputOutput, path: file.path, problem: "zlib cannot start (\(status))")
    }
  }

  deinit {
    inflateEnd(&stream)
    input.deallocate()
  }

  var path: String { file.path }

  /// Deflate never expands by more than 1032, which bounds what a header may promise.
  var remainingLimit: Int {
    let (product, overflow) = file.byteCount.multipliedReportingOverflow(by: 1032)
    return (overflow ? Int.max : product) - offset
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DataError) -> Int {
    var filled = 0
    while filled < buffer.count, !isEnded {
      if stream.avail_in == 0, try !refill() {
        throw damage("the gzip data end early: the file is truncated")
      }
      let room = min(buffer.count - filled, Int(UInt32.max))
      stream.next_out = (buffer.baseAddress.map { $0 + filled })?.assumingMemoryBound(
        to: UInt8.self)
      stream.avail_out = UInt32(room)
      let status = inflate(&stream, Z_NO_FLUSH)
      filled += room - Int(stream.avail_out)
      switch status {
      case Z_STREAM_END: try finish()
      case Z_OK, Z_BUF_ERROR: break
      default:
        let reason = stream.msg.map { String(cString: $0) } ?? "zlib error \(status)"
        throw damage("the gzip data are damaged: \(reason)")
      }
    }
    offset += filled
    return filled
  }

  /// Reads more compressed bytes; false at the end of the file.
  private func refill() throws(DataError) -> Bool {
    let count = try file.read(into: input)
    stream.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.avail_in = UInt32(count)
    consumed += count
    return count > 0
  }

  private func finish() throws(DataError) {
    isEnded = true
    if stream.avail_in > 0 || consumed < file.byteCount {
      throw damage("unexpected bytes after the end of the gzip data")
    }
  }

  private func damage(_ problem: String) -> DataError {
    DataError(
      path: path, place: .byte(consumed - Int(stream.avail_in)), problem: problem,
      advice: "fetch the file again")
  }
}
