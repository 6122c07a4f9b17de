import CKernels
import Foundation
import SounderArray

/// Messages between the ranks of a host: one ring of bytes for each ordered pair.
///
/// A message is a header {tag, length} and its bytes. The sender waits while the ring is full, so
/// memory is bounded; the receiver sets aside messages whose tag nobody has asked for yet.
final class MessageRings {
  private let flags: EpochFlags
  private let base: UnsafeMutableRawPointer
  private let capacity: Int
  private var setAside: [Int: [(tag: Int, bytes: [UInt8])]] = [:]

  private static let controlBytes = 256
  private static let readOffset = 128
  private static let headerBytes = 16

  /// The ring's size: all rings together take at most about 4 MiB until they are 4 KiB each.
  private static func capacity(ranks: Int) -> Int {
    var bytes = 64 << 10
    while bytes > 4096 && bytes * ranks * ranks > 4 << 20 { bytes /= 2 }
    return bytes
  }

  static func byteCount(ranks: Int) -> Int {
    ranks * ranks * (controlBytes + capacity(ranks: ranks))
  }

  init(flags: EpochFlags, base: UnsafeMutableRawPointer) {
    self.flags = flags
    self.base = base
    capacity = MessageRings.capacity(ranks: flags.membership.localSize)
  }

  private var rank: Int { flags.membership.localRank }

  /// Sends to a rank of the host, by its position there.
  func send(_ buffer: UnsafeRawBufferPointer, to other: Int, tag: Int) throws {
    if let failure = flags.failure { throw failure }
    guard other != rank else {
      setAside[rank, default: []].append((tag, Array(buffer)))
      return
    }
    let ring = ring(from: rank, to: other)
    let call = CollectiveHeader(
      .send, root: flags.membership.ranks[other], count: buffer.count)
    flags.membership.board.begin(call)
    let what = { "\(call) with tag \(tag)" }
    var header = (Int64(tag), Int64(buffer.count))
    try withUnsafeBytes(of: &header) { try write($0, ring, other, what) }
    try write(buffer, ring, other, what)
  }

  /// Receives from a rank of the host, by its position there.
  func receive(_ buffer: UnsafeMutableRawBufferPointer, from other: Int, tag: Int) throws {
    if let failure = flags.failure { throw failure }
    if let index = setAside[other]?.firstIndex(where: { $0.tag == tag }),
      let message = setAside[other]?.remove(at: index)
    {
      try check(message.bytes.count, buffer.count, other, tag)
      return buffer.copyBytes(from: message.bytes)
    }
    let global = flags.membership.ranks[other]
    require(other != rank, "receive: rank \(global) has not sent itself a message with tag \(tag)")
    let ring = ring(from: other, to: rank)
    let call = CollectiveHeader(.receive, root: global, count: buffer.count)
    flags.membership.board.begin(call)
    let what = { "\(call) with tag \(tag)" }
    while true {
      var header = (Int64(0), Int64(0))
      try withUnsafeMutableBytes(of: &header) { try read($0, ring, other, what) }
      let length = Int(header.1)
      if header.0 == Int64(tag) {
        try check(length, buffer.count, other, tag)
        return try read(buffer, ring, other, what)
      }
      var bytes = [UInt8](repeating: 0, count: length)
      try bytes.withUnsafeMutableBytes { try read($0, ring, other, what) }
      setAside[other, default: []].append((Int(header.0), bytes))
    }
  }

  private func check(_ sent: Int, _ expected: Int, _ other: Int, _ tag: Int) throws {
    guard sent != expected else { return }
    throw flags.record(
      .messageLength(
        sent: sent, expected: expected, from: flags.membership.ranks[other],
        to: flags.membership.rank, tag: tag))
  }

  // MARK: Bytes

  private struct Ring {
    let written: UnsafeMutablePointer<ck_epoch>
    let read: UnsafeMutablePointer<ck_epoch>
    let bytes: UnsafeMutableRawPointer
  }

  private func ring(from: Int, to: Int) -> Ring {
    let index = from * flags.membership.localSize + to
    let start = base + index * (MessageRings.controlBytes + capacity)
    return Ring(
      written: start.assumingMemoryBound(to: ck_epoch.self),
      read: (start + MessageRings.readOffset).assumingMemoryBound(to: ck_epoch.self),
      bytes: start + MessageRings.controlBytes)
  }

  /// Waits for half a ring at a time, so that a long message wakes its peer rarely.
  private func write(
    _ buffer: UnsafeRawBufferPointer, _ ring: Ring, _ other: Int, _ what: () -> String
  ) throws {
    var position = ck_epoch_load(ring.written)
    var done = 0
    while done < buffer.count {
      let wanted = min(buffer.count - done, capacity / 2)
      try flags.wait(ring.read, position &+ UInt32(wanted) &- UInt32(capacity), nil, what) {
        [other]
      }
      copy(wanted, at: position) { offset, skipped, count in
        guard let source = buffer.baseAddress else { return }
        (ring.bytes + offset).copyMemory(from: source + done + skipped, byteCount: count)
      }
      position &+= UInt32(wanted)
      done += wanted
      ck_epoch_publish(ring.written, position)
    }
  }

  private func read(
    _ buffer: UnsafeMutableRawBufferPointer, _ ring: Ring, _ other: Int, _ what: () -> String
  ) throws {
    var position = ck_epoch_load(ring.read)
    var done = 0
    while done < buffer.count {
      let wanted = min(buffer.count - done, capacity / 2)
      try flags.wait(ring.written, position &+ UInt32(wanted), nil, what) { [other] }
      copy(wanted, at: position) { offset, skipped, count in
        guard let target = buffer.baseAddress else { return }
        (target + done + skipped).copyMemory(from: ring.bytes + offset, byteCount: count)
      }
      position &+= UInt32(wanted)
      done += wanted
      ck_epoch_publish(ring.read, position)
    }
  }

  /// Cuts a range of the ring where it wraps round.
  private func copy(
    _ count: Int, at position: UInt32, _ body: (_ offset: Int, _ skipped: Int, _ count: Int) -> Void
  ) {
    let offset = Int(position) % capacity
    let first = min(count, capacity - offset)
    body(offset, 0, first)
    if first < count { body(0, first, count - first) }
  }
}

extension CommunicationError {
  /// The error of a message that is not as long as its receiver expects.
  static func messageLength(
    sent: Int, expected: Int, from sender: Int, to receiver: Int, tag: Int
  ) -> CommunicationError {
    CommunicationError(
      .mismatch, rank: receiver,
      "rank \(sender) sent \(sent) bytes with tag \(tag), rank \(receiver) expected \(expected); "
        + "both sides must agree on the length")
  }
}
