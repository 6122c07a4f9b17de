import Foundation

/// A file that appears complete or not at all.
///
/// The bytes go to a temporary file beside the target and reach the disk before the target's name
/// points to them, so a reader, a crash or a full disk never leaves half a file under that name.
struct AtomicFile {
  private let path: String
  private let temporary: String
  private let descriptor: Int32

  /// Writes a whole file.
  static func write(_ text: String, to path: String) throws(FileError) {
    try write(to: path) { file throws(FileError) in try file.append(text) }
  }

  /// Writes a whole file in pieces; nothing remains when `body` throws.
  static func write(
    to path: String, _ body: (AtomicFile) throws(FileError) -> Void
  ) throws(FileError) {
    let file = try AtomicFile(path)
    do throws(FileError) {
      try body(file)
      guard fsync(file.descriptor) == 0 else { throw FileError("flush", path) }
    } catch {
      close(file.descriptor)
      unlink(file.temporary)
      throw error
    }
    try file.commit()
  }

  private init(_ path: String) throws(FileError) {
    self.path = path
    let name = "\(path).\(getpid()).tmp"
    temporary = name
    descriptor = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError("create", path) }
  }

  /// Adds the UTF-8 bytes of a text.
  func append(_ text: String) throws(FileError) {
    try append(bytes: Array(text.utf8))
  }

  /// Adds bytes.
  func append(bytes: [UInt8]) throws(FileError) {
    let outcome = bytes.withUnsafeBytes { buffer in
      Result { () throws(FileError) in try append(buffer) }
    }
    try outcome.get()
  }

  /// Adds the bytes of a buffer.
  func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    guard FileDescriptor.writeAll(bytes, to: descriptor) else { throw FileError("write", path) }
  }

  private func commit() throws(FileError) {
    guard close(descriptor) == 0, rename(temporary, path) == 0 else {
      let error = FileError("finish", path)
      unlink(temporary)
      throw error
    }
    // The new name itself is data of the directory.
    let slash = path.lastIndex(of: "/")
    let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let parent = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard parent >= 0 else { return }
    fsync(parent)
    close(parent)
  }
}

/// Whole writes to file descriptors.
enum FileDescriptor {
  /// Writes every byte, across interruptions and partial writes; false with `errno` set on failure.
  static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
    var written = 0
    while written < bytes.count, let base = bytes.baseAddress {
      let count = Foundation.write(descriptor, base + written, bytes.count - written)
      if count < 0, errno != EINTR { return false }
      written += max(count, 0)
    }
    return true
  }

  /// Writes a text, ignoring failure: for messages to people.
  static func write(_ text: String, to descriptor: Int32) {
    _ = Array(text.utf8).withUnsafeBytes { writeAll($0, to: descriptor) }
  }
}
