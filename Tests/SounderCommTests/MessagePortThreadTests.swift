import SounderArray
import Testing

@testable import SounderComm

@Suite("Message ports between threads")
struct MessagePortThreadTests {
  struct Failure: Error {}

  @Test("Messages arrive whole, in order, and block nobody", arguments: [(1, 1), (2, 1), (4, 2)])
  func order(world: (ranks: Int, hosts: Int)) throws {
    try ThreadGroup.run(ranks: world.ranks, hosts: world.hosts) { group in
      try checkPort(try group.makeMessagePort())
    }
    try checkPort(try SingleProcessGroup().makeMessagePort())
  }

  @Test("A failure of the group ends the waits, after what had been posted before")
  func failure() throws {
    #expect(throws: RankError.self) {
      try ThreadGroup.run(ranks: 2) { group in
        let port = try group.makeMessagePort()
        if group.rank == 1 {
          try port.post([7], to: 0)
          throw Failure()
        }
        var received: [UInt8] = []
        do {
          while true {
            received += try port.poll().flatMap(\.bytes)
            try port.wait(atMost: .milliseconds(10))
          }
        } catch let error as CommunicationError {
          #expect(received == [7] && error.kind == .peerFailure(rank: 1))
          throw error
        }
      }
    }
  }
}

/// Posts messages of many lengths to all ranks, itself included, before anybody takes one.
func checkPort(_ port: any MessagePort) throws {
  let lengths = [1, 17, 999, 1000, 1001, 70_000]
  for other in 0..<port.size {
    for length in lengths {
      let first = UInt8(port.rank)
      try port.post((0..<length).map { $0 == 0 ? first : UInt8(truncatingIfNeeded: $0) }, to: other)
    }
  }
  var received = [[[UInt8]]](repeating: [], count: port.size)
  while received.contains(where: { $0.count < lengths.count }) {
    for message in try port.poll() { received[message.sender].append(message.bytes) }
    try port.wait(atMost: .milliseconds(1))
  }
  for (sender, messages) in received.enumerated() {
    #expect(messages.map(\.count) == lengths)
    #expect(
      messages.allSatisfy {
        Int($0[0]) == sender
          && $0.last == UInt8(truncatingIfNeeded: $0.count == 1 ? sender : $0.count - 1)
      })
  }
}
