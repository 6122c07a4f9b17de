import Foundation
import SounderArray

@testable import SounderComm

/// The cases of a sweep: every collective, for all of these.
enum CollectiveSweep {
  static let rankCounts = [1, 2, 3, 4, 5, 6, 7, 8, 9, 16]
  static let shortCounts = [0, 1, 4, 10, 1000]
  static let longCounts = [100_003]
  static let counts = shortCounts + longCounts

  /// Runs all collectives with all counts, and says what was wrong.
  ///
  /// Tests expect nothing to be: an expectation on a rank's thread would not know its test.
  static func faults(
    _ group: any ProcessGroup, _ table: Contributions, counts: [Int] = counts
  ) throws -> [String] {
    let port = try group.makeMessagePort()
    let channel = try group.makeTransferChannel()
    return try counts.flatMap { count in
      var checks = CollectiveChecks(
        group: group, port: port, channel: channel, table: table, count: count)
      try checks.all()
      return checks.faults
    }
  }
}

/// What every implementation of a group must do; the same checks run on threads and under mpirun.
struct CollectiveChecks {
  let group: any ProcessGroup
  let port: any MessagePort
  let channel: any TransferChannel
  let table: Contributions
  let count: Int
  private(set) var faults: [String] = []

  init(
    group: any ProcessGroup, port: any MessagePort, channel: any TransferChannel,
    table: Contributions, count: Int
  ) {
    self.group = group
    self.port = port
    self.channel = channel
    self.table = table
    self.count = count
  }

  private var byteCount: Int { count * table.type.byteSize }
  private var rank: Int { group.rank }
  private var size: Int { group.size }

  mutating func all() throws {
    for operation in table.operations {
      try allReduce(operation)
      try reduceScatter(operation)
    }
    if !table.operations.isEmpty { try sharedReduction() }
    try broadcast()
    try allGather()
    try ringMessages()
    if count <= 10 { try messagesToAll() }
    try portMessages()
    try transfers()
    try group.barrier()
  }

  private mutating func check(_ condition: Bool, _ subject: @autoclosure () -> String) {
    guard !condition else { return }
    faults.append("\(subject()), \(table.type.name)[\(count)], rank \(rank) of \(size)")
  }

  /// What this rank brings, `parts` times as long as a contribution.
  private func input(parts: Int = 1) -> GuardedBuffer {
    let buffer = GuardedBuffer(byteCount: byteCount * parts)
    table.write(rank, to: buffer.bytes)
    return buffer
  }

  // MARK: Reductions

  private mutating func allReduce(_ operation: ReduceOperation) throws {
    let buffer = input()
    defer { buffer.deallocate() }
    try group.allReduce(buffer.bytes, table.type, operation)
    check(table.isResult(of: operation, buffer.constant), "allReduce \(operation)")
    check(buffer.isIntact, "bounds of allReduce \(operation)")
  }

  private mutating func reduceScatter(_ operation: ReduceOperation) throws {
    let input = input(parts: size)
    let output = GuardedBuffer(byteCount: byteCount)
    defer {
      input.deallocate()
      output.deallocate()
    }
    try group.reduceScatter(input.constant, into: output.bytes, table.type, operation)
    check(
      table.isResult(of: operation, output.constant, from: rank * count),
      "reduceScatter \(operation)")
    check(output.isIntact, "bounds of reduceScatter \(operation)")
    check(table.isInput(of: rank, input.constant), "input of reduceScatter \(operation)")
  }

  /// Reductions of slots in shared memory, which the ranks of one host have.
  private mutating func sharedReduction() throws {
    guard group.topology.hostCount == 1 else { return }
    let flagBytes = SharedReduction.byteCount(ranks: size)
    let region = try group.makeSharedRegion(byteCount: flagBytes + size * byteCount)
    let reduction = SharedReduction(region: region)
    let places = (0..<size).map { region.base + flagBytes + $0 * byteCount }
    for operation in table.operations {
      table.write(rank, to: UnsafeMutableRawBufferPointer(start: places[rank], count: byteCount))
      try reduction.reduce(places, count: count, table.type, operation)
      let result = UnsafeRawBufferPointer(start: places[rank], count: byteCount)
      check(table.isResult(of: operation, result), "shared reduction \(operation)")
      // Also keeps the region until all have looked.
      try withExtendedLifetime(region) { try group.barrier() }
    }
  }

  // MARK: Copies

  private mutating func broadcast() throws {
    let roots = count <= 1000 ? Array(0..<size) : Set([0, size / 2, size - 1]).sorted()
    for root in roots {
      let buffer = input()
      defer { buffer.deallocate() }
      try group.broadcast(buffer.bytes, root: root)
      check(table.isInput(of: root, buffer.constant), "broadcast from \(root)")
      check(buffer.isIntact, "bounds of broadcast from \(root)")
    }
  }

  /// Gathers from a buffer of its own, and from the rank's place in the output.
  private mutating func allGather() throws {
    for inPlace in [false, true] {
      let separate = input()
      let output = GuardedBuffer(byteCount: byteCount * size)
      defer {
        separate.deallocate()
        output.deallocate()
      }
      let own = output.part(rank, byteCount: byteCount)
      if inPlace { table.write(rank, to: own) }
      try group.allGather(
        inPlace ? UnsafeRawBufferPointer(own) : separate.constant, into: output.bytes)
      for other in 0..<size {
        let part = UnsafeRawBufferPointer(output.part(other, byteCount: byteCount))
        check(table.isInput(of: other, part), "part \(other) of allGather, in place: \(inPlace)")
      }
      check(output.isIntact, "bounds of allGather")
      check(table.isInput(of: rank, separate.constant), "input of allGather")
    }
  }

  // MARK: Messages

  /// Every rank sends to the next; rank 0 receives first, as a long message needs a receiver.
  private mutating func ringMessages() throws {
    let next = (rank + 1) % size
    let previous = (rank + size - 1) % size
    let sent = input()
    defer { sent.deallocate() }
    let receivesFirst = rank == 0 && size > 1
    if receivesFirst { try receive(from: previous, tag: 3) }
    try group.send(sent.constant, to: next, tag: 3)
    if !receivesFirst { try receive(from: previous, tag: 3) }
  }

  /// Short messages between all pairs, taken in another order than they were sent.
  private mutating func messagesToAll() throws {
    let sent = input()
    defer { sent.deallocate() }
    for tag in [7, 8] {
      for other in 0..<size { try group.send(sent.constant, to: other, tag: tag) }
    }
    for tag in [8, 7] {
      for other in (0..<size).reversed() { try receive(from: other, tag: tag) }
    }
  }

  private mutating func receive(from sender: Int, tag: Int) throws {
    let buffer = GuardedBuffer(byteCount: byteCount)
    defer { buffer.deallocate() }
    try group.receive(buffer.bytes, from: sender, tag: tag)
    check(table.isInput(of: sender, buffer.constant), "message \(tag) from \(sender)")
    check(buffer.isIntact, "bounds of message \(tag) from \(sender)")
  }

  /// Transfers between all pairs with two tags, all under way at once, begun in different orders.
  private mutating func transfers() throws {
    let sent = input()
    let received = (0..<2 * size).map { _ in GuardedBuffer(byteCount: byteCount) }
    defer { for buffer in received + [sent] { buffer.deallocate() } }
    var open: [any Transfer] = []
    for tag in [5, 6] {
      for step in 0..<size {
        open.append(try channel.send(sent.constant, to: (rank + step) % size, tag: tag))
      }
    }
    for tag in [6, 5] {
      for other in 0..<size {
        let buffer = received[other + (tag == 6 ? size : 0)]
        open.append(try channel.receive(buffer.bytes, from: other, tag: tag))
      }
    }
    let deadline = ContinuousClock.now + .seconds(60)
    while !open.isEmpty && ContinuousClock.now < deadline {
      try channel.checkFailure()
      open = try open.filter { try !$0.isComplete() }
      sched_yield()
    }
    let left = open.count
    check(left == 0, "end of \(left) transfers")
    for (index, buffer) in received.enumerated() {
      let sender = index % size
      check(table.isInput(of: sender, buffer.constant), "transfer from \(sender)")
      check(buffer.isIntact, "bounds of the transfer from \(sender)")
    }
  }

  /// Every rank posts to all, itself included.
  private mutating func portMessages() throws {
    let sent = input()
    defer { sent.deallocate() }
    for other in 0..<size { try port.post(Array(sent.constant), to: other) }
    var senders: [Int] = []
    let deadline = ContinuousClock.now + .seconds(30)
    while senders.count < size && ContinuousClock.now < deadline {
      for message in try port.poll() {
        senders.append(message.sender)
        check(message.bytes.count == byteCount, "length of a message through the port")
        let isRight = message.bytes.withUnsafeBytes { table.isInput(of: message.sender, $0) }
        check(isRight, "message through the port from \(message.sender)")
      }
      if senders.count < size { try port.wait(atMost: .milliseconds(20)) }
    }
    check(senders.sorted() == Array(0..<size), "senders of messages through the port: \(senders)")
    // A fast rank's next message must not be counted with these.
    try group.barrier()
  }
}
