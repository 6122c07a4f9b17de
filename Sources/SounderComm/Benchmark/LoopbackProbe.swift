import CKernels
import Foundation

/// Measures what TCP costs a core: the system's copies and its bookkeeping of segments.
///
/// One thread sends a piece to itself over the loopback device and receives it before it sends the next. So
/// nothing overlaps, and the time that passes is that of the core. A network card adds its interrupts to that and
/// takes the checksums off.
public enum LoopbackProbe {
  /// Fits the buffer of a socket.
  private static let pieceBytes = 60 << 10
  private static let pieces = 64
  private static let trials = 9

  /// Seconds of a core to send a byte and to receive it; the median of a few trials of 4 MB.
  ///
  /// - Throws: ``CommunicationError`` if this machine has no loopback device.
  public static func secondsPerByte() throws -> Double {
    let pair = try ConnectedPair()
    // As large as a gradient, which does not stay in a core's own caches.
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: 2 * pieces * pieceBytes, alignment: 64)
    defer { bytes.deallocate() }
    bytes.initializeMemory(as: UInt8.self, repeating: 1)
    func piece(_ index: Int) -> UnsafeMutableRawBufferPointer {
      .init(rebasing: bytes[index * pieceBytes..<(index + 1) * pieceBytes])
    }
    var times: [Double] = []
    for _ in 0...trials {
      let begin = ck_monotonic_nanoseconds()
      for index in 0..<pieces { try pair.pass(piece(index), into: piece(pieces + index)) }
      times.append(Double(ck_monotonic_nanoseconds() - begin) * 1e-9)
    }
    // The first one warms up.
    return times.dropFirst().median / Double(pieces * pieceBytes)
  }
}

/// Two ends of a TCP connection of this process with itself.
private final class ConnectedPair {
  private let sender: Int32
  private let receiver: Int32

  private static let advice = "the loopback device is needed to measure what TCP costs"

  init() throws {
    func call(_ name: String, _ body: () -> Int32) throws -> Int32 {
      try systemCall(name, advice: Self.advice, body)
    }
    let listener = try call("socket") { socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    func withName(_ body: (UnsafeMutablePointer<sockaddr>) -> Int32) -> Int32 {
      withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
      }
    }
    _ = try call("bind") {
      withName { bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    _ = try call("listen") { listen(listener, 1) }
    _ = try call("getsockname") { withName { getsockname(listener, $0, &length) } }
    sender = try call("socket") { socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
    do {
      _ = try call("connect") { [sender] in withName { connect(sender, $0, length) } }
      receiver = try call("accept") { accept(listener, nil, nil) }
    } catch {
      close(sender)
      throw error
    }
  }

  deinit {
    close(sender)
    close(receiver)
  }

  /// Sends bytes and receives them.
  func pass(
    _ bytes: UnsafeMutableRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) throws {
    var (sent, received) = (0, 0)
    while received < bytes.count {
      if sent < bytes.count {
        // What does not fit the buffers now goes after some has been received.
        let flags = Int32(MSG_NOSIGNAL | MSG_DONTWAIT)
        sent += max(
          send(sender, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, flags), 0)
      }
      received += try systemCall("recv", advice: Self.advice) {
        recv(receiver, target.baseAddress.map { $0 + received }, target.count - received, 0)
      }
    }
  }
}
