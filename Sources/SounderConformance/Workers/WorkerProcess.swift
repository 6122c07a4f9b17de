import Foundation
import SounderTrain

/// A running worker, as the process that started it sees it.
final class WorkerProcess {
  /// Why no further message came.
  enum Silence: Error {
    /// The process ended.
    case ended
    /// The time was over.
    case timeLimit
    /// The worker cannot use the operator's files.
    case unusable(ConformanceError)
  }

  private let process = Process()
  private let requests = Pipe()
  private let replies = Pipe()
  /// The worker's standard error: a file without a name, which cannot block the worker.
  private let complaints: UnsafeMutablePointer<FILE>
  private var buffer: [UInt8] = []

  /// Starts a worker.
  /// - Throws: ``ConformanceError`` if that is impossible.
  init(_ command: WorkerCommand) throws {
    guard let file = tmpfile() else {
      throw ConformanceError(
        exitCode: .inputOutput, description: "error: cannot create a temporary file")
    }
    complaints = file
    process.executableURL = URL(fileURLWithPath: command.executable)
    process.arguments = command.arguments
    var environment = ProcessInfo.processInfo.environment
    // A trap prints its message; a backtrace would take seconds and says nothing about the case.
    environment["SWIFT_BACKTRACE"] = "enable=no"
    process.environment = environment
    process.standardInput = requests
    process.standardOutput = replies
    process.standardError = FileHandle(fileDescriptor: fileno(file), closeOnDealloc: false)
    do { try process.run() } catch {
      throw ConformanceError(
        exitCode: .inputOutput, description: "\(command.executable): error: cannot start: \(error)")
    }
  }

  deinit {
    // A process that could not be started has the id 0, which would mean all of this process's group.
    if process.isRunning, process.processIdentifier > 0 {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
    fclose(complaints)
  }

  /// Asks for the cases of an operator; a worker that is gone is found out when its reply is read.
  func request(_ name: String, from first: Int) {
    try? requests.fileHandleForWriting.write(contentsOf: Data("\(name) \(first)\n".utf8))
  }

  /// The next message.
  func message(within limit: Duration) throws(Silence) -> WorkerMessage {
    let deadline = ContinuousClock.now + limit
    while true {
      if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
        let line = buffer[..<end]
        let message = WorkerMessage(line)
        buffer.removeSubrange(...end)
        // What an operator may print on standard output is no message.
        if let message { return message }
        continue
      }
      try receive(until: deadline)
    }
  }

  private func receive(until deadline: ContinuousClock.Instant) throws(Silence) {
    let left = ContinuousClock.now.duration(to: deadline)
    guard left > .zero else { throw .timeLimit }
    let descriptor = replies.fileHandleForReading.fileDescriptor
    var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let milliseconds = Int32(clamping: left.components.seconds * 1000 + 1)
    guard poll(&event, 1, milliseconds) > 0 else { return }
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 1)
    defer { chunk.deallocate() }
    let count = read(descriptor, chunk.baseAddress, chunk.count)
    if count > 0 { buffer.append(contentsOf: chunk[..<count]) }
    if count == 0 { throw .ended }
  }

  /// Waits for the end of a process that closed its output, and says what ended it.
  func lastWords() -> String {
    process.waitUntilExit()
    if let message = trapMessage { return message }
    return switch process.terminationReason {
    case .uncaughtSignal: "the process ended with signal \(process.terminationStatus)"
    default: "the process ended with exit code \(process.terminationStatus)"
    }
  }

  /// The message of the trap on standard error.
  private var trapMessage: String? {
    var text = [UInt8](repeating: 0, count: 65536)
    let size = Int(lseek(fileno(complaints), 0, SEEK_END))
    let count = pread(fileno(complaints), &text, text.count, max(0, size - text.count))
    guard count > 0 else { return nil }
    let lines = String(decoding: text[..<count], as: UTF8.self).split(separator: "\n")
    guard let line = lines.last(where: { $0.contains("atal error") }) else { return nil }
    guard let range = line.range(of: "atal error: ") else { return "trap: \(line)" }
    return "trap: \(line[range.upperBound...])"
  }
}
