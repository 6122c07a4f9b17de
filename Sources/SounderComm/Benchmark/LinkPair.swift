import CKernels
import Foundation

/// Two ranks of different hosts that exchange messages.
struct LinkPair {
  let channel: any TransferChannel
  let group: any ProcessGroup
  let other: Int
  let timeout: Duration

  /// Whether this rank begins.
  private var isFirst: Bool { group.rank < other }
  private static let tag = 0

  /// Seconds until a message has come back; both ranks take part.
  func roundTrip(_ count: Int) throws -> Double {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
    defer { bytes.deallocate() }
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
    let begin = ck_monotonic_nanoseconds()
    if isFirst {
      try finish([try channel.send(UnsafeRawBufferPointer(bytes), to: other, tag: Self.tag)])
    }
    try finish([try channel.receive(bytes, from: other, tag: Self.tag)])
    if !isFirst {
      try finish([try channel.send(UnsafeRawBufferPointer(bytes), to: other, tag: Self.tag)])
    }
    return Double(ck_monotonic_nanoseconds() - begin) * 1e-9
  }

  /// Seconds until this rank has sent so many bytes and received as many.
  func exchange(_ count: Int) throws -> Double {
    try withBuffers(count) { sent, received in
      let begin = ck_monotonic_nanoseconds()
      try finish(try transfers(sent, received))
      return Double(ck_monotonic_nanoseconds() - begin) * 1e-9
    }
  }

  /// Microseconds of sleep between two looks at transfers, and looks to find out what one costs.
  private static let rest: UInt32 = 100
  private static let idleLooks = 100

  /// Seconds of a core for a byte that is sent or received, without those of looking in vain.
  func coreSeconds(_ count: Int) throws -> Double {
    try withBuffers(count) { sent, received in
      let idle = try channel.receive(.init(rebasing: received[..<1]), from: other, tag: Self.tag)
      var begin = threadSeconds
      for _ in 0..<Self.idleLooks {
        _ = try idle.isComplete()
        usleep(Self.rest)
      }
      let look = (threadSeconds - begin) / Double(Self.idleLooks)
      try finish([
        idle, try channel.send(.init(rebasing: sent[..<1]), to: other, tag: Self.tag),
      ])
      begin = threadSeconds
      let looks = try finish(try transfers(sent, received), resting: true)
      let work = threadSeconds - begin - Double(looks) * look
      return max(work, 0) / Double(2 * count)
    }
  }

  /// Seconds that this thread has had a core.
  private var threadSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private func transfers(
    _ sent: UnsafeRawBufferPointer, _ received: UnsafeMutableRawBufferPointer
  ) throws -> [any Transfer] {
    [
      try channel.receive(received, from: other, tag: Self.tag),
      try channel.send(sent, to: other, tag: Self.tag),
    ]
  }

  /// Runs `body` on both ranks at the same time, with bytes to send and room for as many.
  private func withBuffers(
    _ count: Int,
    _ body: (_ sent: UnsafeRawBufferPointer, _ received: UnsafeMutableRawBufferPointer) throws ->
      Double
  ) throws -> Double {
    let sent = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
    let received = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
    defer {
      sent.deallocate()
      received.deallocate()
    }
    for buffer in [sent, received] { buffer.initializeMemory(as: UInt8.self, repeating: 1) }
    _ = try roundTrip(1)
    return try body(UnsafeRawBufferPointer(sent), received)
  }

  /// Takes the larger of the two ranks' numbers.
  func agree(_ value: inout Double) throws {
    var theirs = 0.0
    let own = value
    _ = try withUnsafeBytes(of: own) { own in
      try withUnsafeMutableBytes(of: &theirs) { theirs in
        try finish([
          try channel.receive(theirs, from: other, tag: Self.tag),
          try channel.send(own, to: other, tag: Self.tag),
        ])
      }
    }
    value = max(own, theirs)
  }

  /// Waits for transfers, looking at all of them: looking is what moves data.
  ///
  /// - Returns: the looks after which something was left to do.
  @discardableResult
  private func finish(_ transfers: [any Transfer], resting: Bool = false) throws -> Int {
    let end = ContinuousClock.now + timeout
    var open = transfers
    var looks = 0
    do {
      while true {
        open = try open.filter { try !$0.isComplete() }
        if open.isEmpty { return looks }
        looks += 1
        try channel.checkFailure()
        if resting { usleep(Self.rest) } else { sched_yield() }
        if ContinuousClock.now > end { throw silence }
      }
    } catch {
      for transfer in open { transfer.abandon() }
      throw error
    }
  }

  private var silence: CommunicationError {
    let topology = group.topology
    return CommunicationError(
      .timeout(missing: [other]), rank: group.rank,
      "measuring the network waited \(timeout) for rank \(other) (host "
        + "\(topology.hostNames[topology.hosts[other]])); see whether its network is down")
  }
}
