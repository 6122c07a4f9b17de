import SounderArray
import Testing

@testable import SounderComm

@Suite("Transfers between threads that pretend to be hosts")
struct TransferChannelThreadTests {
  struct Failure: Error {}

  @Test("A transfer waits for nobody, and is complete when both ends have looked")
  func nonBlocking() throws {
    let early = try ThreadGroup.run(ranks: 2, hosts: 2) { group in
      let channel = try group.makeTransferChannel()
      var value = group.rank + 5
      var other = -1
      return try withUnsafeMutableBytes(of: &other) { target in
        try withUnsafeBytes(of: &value) { source in
          let sent = try channel.send(source, to: 1 - group.rank, tag: 0)
          // Nobody receives yet.
          let isEarly = try sent.isComplete()
          try group.barrier()
          let received = try channel.receive(target, from: 1 - group.rank, tag: 0)
          while try !received.isComplete() || !sent.isComplete() { try channel.checkFailure() }
          return [isEarly ? 1 : 0, target.load(as: Int.self)]
        }
      }
    }
    #expect(early == [[0, 6], [0, 5]])
  }

  @Test("A message of another length is refused by name")
  func length() {
    #expect {
      try ThreadGroup.run(ranks: 2, hosts: 2) { group in
        let channel = try group.makeTransferChannel()
        var bytes = [UInt8](repeating: 0, count: 8 + group.rank)
        try bytes.withUnsafeMutableBytes { buffer in
          let transfer =
            group.rank == 0
            ? try channel.send(UnsafeRawBufferPointer(buffer), to: 1, tag: 3)
            : try channel.receive(buffer, from: 0, tag: 3)
          while try !transfer.isComplete() { try channel.checkFailure() }
        }
      }
    } throws: { "\($0)".contains("8 bytes") && "\($0)".contains("9") }
  }

  @Test(
    "A failure on another host is known without waiting", arguments: [[0, 1], [0, 0, 1, 2, 2]])
  func failure(hosts: [Int]) throws {
    #expect {
      try ThreadGroup.run(hostOfRank: hosts) { group in
        let channel = try group.makeTransferChannel()
        if group.rank == 1 { throw Failure() }
        while true { try channel.checkFailure() }
      }
    } throws: { error in
      (error as? RankError).map { $0.rank == 1 && $0.underlying is Failure } ?? false
    }
  }
}
