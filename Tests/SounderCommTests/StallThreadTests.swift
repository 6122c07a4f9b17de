import CKernels
import Foundation
import SounderArray
import Testing

@testable import SounderComm

@Suite("Waits for ranks that are late")
struct StallThreadTests {
  /// What was reported, and a way to wait for the first of it.
  private final class Reports: @unchecked Sendable {
    // @unchecked: guarded by `lock`.
    private let lock = NSLock()
    private var kept: [String] = []
    private let first = DispatchSemaphore(value: 0)

    var lines: [String] { lock.withLock { kept } }
    func add(_ line: String) {
      lock.withLock { kept.append(line) }
      first.signal()
    }
    func waitForFirst() -> Bool { first.wait(timeout: .now() + 60) == .success }
  }

  /// Runs ranks whose stalls are reported after 50 ms.
  private func run<Result: Sendable>(
    _ hosts: [Int], stallWarning: Duration? = .milliseconds(50), timeout: Duration = .seconds(60),
    reports: Reports = Reports(),
    _ body: @escaping @Sendable (ThreadGroup, Reports) throws -> Result
  ) throws -> (results: [Result], reports: [String]) {
    let results = try ThreadGroup.run(
      hostOfRank: hosts, timeout: timeout, stallWarning: stallWarning,
      SharedCollectives.Sizes(), warnings: { reports.add($0) }
    ) { try body($0, reports) }
    return (results, reports.lines)
  }

  private static func sum(_ group: any ProcessGroup) throws {
    var values = [Float](repeating: 1, count: 8)
    try values.withUnsafeMutableBytes { try group.allReduce($0, .float32, .sum) }
  }

  @Test(
    "DA-11: a late rank is reported once on each host, with phase and last operation, then its arrival",
    arguments: [[0, 0], [0, 0, 0], [0, 1], [0, 0, 1], [0, 1, 1]])
  func lateRank(hosts: [Int]) throws {
    let late = 1
    let (_, lines) = try run(hosts) { group, reports in
      try Self.sum(group)
      if group.rank == late {
        group.board.enter(.backward, step: 17)
        guard reports.waitForFirst() else { return }
      }
      try group.barrier()
    }
    let warnings = lines.filter { $0.hasPrefix("warning: ") }
    #expect((1...Set(hosts).count).contains(warnings.count), "\(lines)")
    #expect(
      warnings.contains {
        $0.contains("rank 1 (host ")
          && $0.contains("pid \(getpid())), which is in backward of step 17 for ")
          && $0.contains("last operation: allReduce sum float32[8] (collective 1)")
          && $0.contains("in barrier")
      }, "\(lines)")
    #expect(
      lines.count { $0.hasPrefix("note: ") && $0.contains("goes on after") } == warnings.count)
  }

  @Test("DA-11: a rank that is waited for and waits itself is reported behind the one it waits for")
  func chain() throws {
    let (_, lines) = try run([0, 0, 0]) { group, reports in
      var byte: UInt8 = 0
      switch group.rank {
      case 0: try group.barrier()
      case 1:
        try withUnsafeMutableBytes(of: &byte) { try group.receive($0, from: 2, tag: 1) }
        try group.barrier()
      default:
        // The second report needs that rank 1 has said whom it waits for.
        while group.board.activity(of: 1)?.awaited == nil { usleep(1000) }
        group.board.enter(.data, step: 3)
        _ = reports.waitForFirst()
        try withUnsafeBytes(of: &byte) { try group.send($0, to: 1, tag: 1) }
        try group.barrier()
      }
    }
    let warning = lines.first { $0.hasPrefix("warning: ") } ?? ""
    let causes = warning.components(separatedBy: " for rank ").dropFirst().first ?? ""
    #expect(causes.hasPrefix("2 (host "), "\(lines)")
    #expect(causes.contains("is in the reading of data of step 3"))
  }

  @Test("DA-11: without a limit nothing is reported", arguments: [Duration?.none, .zero])
  func off(limit: Duration?) throws {
    let (_, lines) = try run([0, 0], stallWarning: limit) { group, _ in
      if group.rank == 1 { usleep(120_000) }
      try group.barrier()
    }
    #expect(lines.isEmpty)
  }

  enum Call: CaseIterable, Sendable {
    case barrier, broadcast, allReduce, allGather, reduceScatter, send, receive, region, port

    func run(_ group: any ProcessGroup) throws {
      var bytes = [UInt8](repeating: 0, count: 1 << 20)
      let size = group.size
      try bytes.withUnsafeMutableBytes { all in
        let part = UnsafeMutableRawBufferPointer(rebasing: all[..<16])
        let whole = UnsafeMutableRawBufferPointer(rebasing: all[16..<16 * (size + 1)])
        switch self {
        case .barrier: try group.barrier()
        case .broadcast: try group.broadcast(part, root: 1)
        case .allReduce: try group.allReduce(part, .float32, .sum)
        case .allGather: try group.allGather(UnsafeRawBufferPointer(part), into: whole)
        case .reduceScatter:
          try group.reduceScatter(UnsafeRawBufferPointer(whole), into: part, .float32, .sum)
        // Longer than what may be under way without a receiver.
        case .send: try group.send(UnsafeRawBufferPointer(all), to: 1, tag: 0)
        case .receive: try group.receive(part, from: 1, tag: 0)
        case .region: _ = try group.makeSharedRegion(byteCount: 4096)
        case .port: _ = try group.makeMessagePort()
        }
      }
    }
  }

  @Test(
    "DA-14, FI-7: every wait ends at its deadline and names rank, host, process, phase and last operation",
    arguments: Call.allCases, [[0, 0, 0], [0, 1, 1]])
  func deadlines(call: Call, hosts: [Int]) throws {
    // Between pretended hosts messages are taken without a receiver, and a host has its own regions.
    guard (call != .send && call != .region) || hosts[0] == hosts[1] else { return }
    let failed = DispatchSemaphore(value: 0)
    let (errors, _) = try run(hosts, stallWarning: nil, timeout: .milliseconds(300)) { group, _ in
      try Self.sum(group)
      if group.rank == 1 {
        group.board.enter(.forward, step: 4)
        _ = failed.wait(timeout: .now() + 60)
        return CommunicationError?.none
      }
      // Rank 2 waits for the failure of rank 0, or fails in the same call.
      defer { if group.rank == 0 { failed.signal() } }
      do {
        try group.rank == 0 ? call.run(group) : Call.barrier.run(group)
        return nil
      } catch let error as CommunicationError { return error }
    }
    // A rank may be the first to find that the one with the other call has failed the group.
    let error = try #require(errors[0])
    guard case .timeout(let missing) = error.kind else {
      Issue.record("\(error)")
      return
    }
    #expect(missing.contains(1))
    for part in [
      "rank 1 (host ", "pid \(getpid())", "forward of step 4", "allReduce sum float32[8]",
    ] {
      #expect(error.message.contains(part), "\(part): \(error.message)")
    }
  }

  @Test("DA-15: a barrier names all ranks that did not come")
  func barrier() throws {
    let failed = DispatchSemaphore(value: 0)
    let (errors, _) = try run(
      [0, 0, 0, 0, 0], stallWarning: nil, timeout: .milliseconds(200)
    ) { group, _ -> CommunicationError? in
      if group.rank == 1 || group.rank == 3 {
        _ = failed.wait(timeout: .now() + 60)
        return nil
      }
      defer { if group.rank == 0 { for _ in 0..<2 { failed.signal() } } }
      do { try group.barrier() } catch let error as CommunicationError { return error }
      return nil
    }
    for rank in [0, 2, 4] {
      #expect(
        errors[rank]?.kind == .timeout(missing: [1, 3]), "\(String(describing: errors[rank]))")
    }
  }

  @Test(
    "FI-17: a rank that returns early ends the waits of the others at once",
    arguments: [[0, 0, 0], [0, 0, 1], [0, 1, 1]])
  func earlyReturn(hosts: [Int]) throws {
    let start = ContinuousClock.now
    let (errors, _) = try run(hosts) { group, _ -> CommunicationError? in
      if group.rank == 1 { return nil }
      do { try group.barrier() } catch let error as CommunicationError { return error }
      return nil
    }
    #expect(ContinuousClock.now - start < .seconds(30))
    for rank in [0, 2] {
      #expect(errors[rank]?.kind == .peerFailure(rank: 1), "\(String(describing: errors[rank]))")
      #expect(errors[rank]?.message.contains("rank 1 (host ") == true)
      #expect(errors[rank]?.message.contains("has left the job") == true)
    }
  }

  /// The boards of ranks that see the lines of their own host only, as over MPI.
  private func boards(_ hosts: [Int], stallWarning: Duration?, _ reports: Reports) -> [RankBoard] {
    let lines = (0...(hosts.max() ?? 0)).map { host in
      let ranks = hosts.indices.filter { hosts[$0] == host }
      let bytes = RankBoard.byteCount(ranks: ranks.count)
      let base = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 128)
      base.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
      return (base: base, ranks: ranks)
    }
    let boxes = MailboxPort.Boxes(ranks: hosts.count)
    return hosts.indices.map { rank in
      let board = RankBoard(
        rank: rank, places: hosts.map { .init(hostName: "host\($0)", process: 100 + Int32($0)) },
        hosts: [lines[hosts[rank]]], owners: [], stallWarning: stallWarning,
        write: { reports.add($0) })
      board.join(over: MailboxPort(boxes, rank: rank) { nil })
      return board
    }
  }

  @Test("DA-11: a rank of another host tells its phase, last operation and whom it waits for")
  func anotherHost() {
    let boards = boards([0, 1, 1], stallWarning: nil, Reports())
    #expect(
      boards[0].describe([1]).hasSuffix("which does not answer: it is stopped, busy or cut off"))
    boards[1].enter(.backward, step: 17)
    boards[1].begin(CollectiveHeader(.allReduce, .sum, .float32, count: 8))
    boards[1].noteAwaited(2)
    boards[2].enter(.data, step: 18)
    boards[0].inquiry?.ask(about: [1])
    #expect(boards[0].activity(of: 1) == nil)
    boards[1].attend()
    boards[0].attend()
    let text = boards[0].describe([1])
    // The cause first: rank 1 told of rank 2, which has answered nothing itself.
    #expect(text.hasPrefix("rank 2 (host host1, pid "), "\(text)")
    #expect(text.contains("), which is in the reading of data of step 18 for "), "\(text)")
    #expect(
      text.contains("; rank 1 (host host1, pid ") && text.contains("is in backward of step 17 for ")
        && text.contains("last operation: allReduce sum float32[8] (collective 1)")
        && text.hasSuffix(" and waits for rank 2"), "\(text)")
  }

  @Test(
    "DA-11: neighbours answer for a rank that cannot, and nobody is asked twice before an answer")
  func neighbours() {
    let boards = boards([0, 1, 1], stallWarning: nil, Reports())
    boards[2].enter(.forward, step: 4)
    for _ in 0..<3 { boards[0].inquiry?.ask(about: [2]) }
    // Rank 2 itself attends to nothing.
    boards[1].attend()
    boards[0].attend()
    #expect(boards[0].describe([2]).contains("which is in forward of step 4 for "))
    // The question to rank 2 is still open, that to rank 1 may be asked again.
    boards[0].inquiry?.ask(about: [2])
    boards[2].enter(.reduction, step: 4)
    boards[1].attend()
    boards[0].attend()
    #expect(boards[0].activity(of: 2)?.phase == .reduction)
    boards[2].attend()
    boards[0].attend()
    #expect(boards[0].describe([2]).contains("which is in reduction of step 4 for "))
  }

  @Test("DA-15: a wait for another host asks before it reports")
  func waitAsks() throws {
    let reports = Reports()
    let boards = boards([0, 1], stallWarning: .milliseconds(40), reports)
    boards[1].enter(.saving, step: 9)
    var stall = StallWatch(boards[0], since: ck_monotonic_nanoseconds())
    while reports.lines.isEmpty {
      stall.look(for: [1], in: "gradient bucket 0 of step 10")
      boards[1].attend()
      usleep(1000)
    }
    let line = try #require(reports.lines.first)
    #expect(
      line.contains("in gradient bucket 0 of step 10 for rank 1 (host host1, pid "), "\(line)")
    #expect(line.contains("which is in saving of step 9 for "), "\(line)")
    stall.end("gradient bucket 0 of step 10")
  }

  @Test("What a rank does survives the way to another host as words")
  func words() throws {
    try ThreadGroup.run(ranks: 2) { group in
      group.board.enter(.reduction, step: group.rank)
      try Self.sum(group)
    }
    let board = RankBoard(hostName: "here")
    board.enter(.evaluation)
    board.begin(CollectiveHeader(.broadcast, root: 3, count: 12))
    let activity = try #require(board.activity(of: 0))
    #expect(RankActivity(activity.words) == activity)
    #expect(
      activity.description.hasSuffix(
        "last operation: broadcast of 12 bytes from rank 3 (collective 1)"))
  }
}
