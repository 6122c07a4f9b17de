import Foundation

/// The bytes of a file in order, decompressed if the file is compressed.
protocol ByteSource: AnyObject {
  /// The file's path.
  var path: String { get }
  /// Bytes delivered so far.
  var offset: Int { get }
  /// The most bytes that the rest of the file can possibly deliver.
  var remainingLimit: Int { get }
  /// Fills a buffer; returns fewer bytes only at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DataError) -> Int
}

/// A file descriptor that is closed when nobody needs it, with errors in our terms.
final class InputFile {
  let path: String
  let byteCount: Int
  private let descriptor: Int32

  /// Opens a regular file.
  init(path: String) throws(DataError) {
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      let reason = errno == ENOENT ? "no such file" : String(cString: strerror(errno))
      throw DataError(kind: .missing, path: path, problem: reason, advice: "check data.path")
    }
    self.path = path
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      byteCount = 0
      close(descriptor)
      throw DataError(kind: .missing, path: path, problem: "not a regular file")
    }
    byteCount = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Fills a buffer; returns fewer bytes only at the end of the file.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DataError) -> Int {
    var filled = 0
    while filled < buffer.count, let base = buffer.baseAddress {
      let count = Foundation.read(descriptor, base + filled, buffer.count - filled)
      if count == 0 { break }
      if count > 0 {
        filled += count
      } else if errno != EINTR {
        throw DataError(
          kind: .inputOutput, path: path,
          problem: "reading failed: \(String(cString: strerror(errno)))")
      }
    }
    return filled
  }

  /// Goes back to the start.
  func rewind() { lseek(descriptor, 0, SEEK_SET) }
}

/// The bytes of a file as they are.
final class PlainSource: ByteSource {
  private let file: InputFile
  private(set) var offset = 0

  init(_ file: InputFile) { self.file = file }

  var path: String { file.path }
  var remainingLimit: Int { file.byteCount - offset }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DataError) -> Int {
    let count = try file.read(into: buffer)
    offset += count
    return count
  }
}
