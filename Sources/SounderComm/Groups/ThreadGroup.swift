import CKernels
import Foundation
import SounderArray

/// A rank of a group whose ranks are threads of this process.
///
/// ```swift
/// let sums = try ThreadGroup.run(ranks: 4) { group in
///   var value = Int64(group.rank)
///   try withUnsafeMutableBytes(of: &value) { try group.allReduce($0, .int64, .sum) }
///   return value
/// }  // [6, 6, 6, 6]
/// ```
public final class ThreadGroup: CollectiveGroup, @unchecked Sendable {
  // @unchecked: see the superclass; there is no further state.

  /// Runs a closure on every rank of a group and returns the results in rank order.
  ///
  /// - Parameters:
  ///   - ranks: the number of threads, each with a stack of 16 MiB.
  ///   - hosts: how many hosts to pretend, with the ranks spread evenly; ranks of different hosts
  ///     share no memory and exchange messages, so that code for clusters runs here.
  ///   - timeout: how long a rank waits for another.
  ///   - stallWarning: after how long a wait is reported on standard error; nil for never.
  /// - Throws: ``RankError`` with the error of the rank that failed first, after all have ended.
  @discardableResult
  public static func run<Result: Sendable>(
    ranks: Int, hosts: Int = 1, timeout: Duration = .seconds(120),
    stallWarning: Duration? = .seconds(5),
    _ body: @escaping @Sendable (ThreadGroup) throws -> Result
  ) throws -> [Result] {
    require(
      hosts >= 1 && hosts <= ranks, "ThreadGroup: cannot spread \(ranks) ranks over \(hosts) hosts")
    let assignment = (0..<ranks).map { $0 * hosts / ranks }
    return try run(
      hostOfRank: assignment, timeout: timeout, stallWarning: stallWarning, body)
  }

  /// Runs a closure on every rank, where rank r pretends to be on host `hostOfRank[r]`.
  @discardableResult
  public static func run<Result: Sendable>(
    hostOfRank: [Int], timeout: Duration = .seconds(120), stallWarning: Duration? = .seconds(5),
    _ body: @escaping @Sendable (ThreadGroup) throws -> Result
  ) throws -> [Result] {
    try run(
      hostOfRank: hostOfRank, timeout: timeout, stallWarning: stallWarning,
      SharedCollectives.Sizes(), body)
  }

  /// As above, with sizes of the staging area that reach the long paths with short buffers, and another
  /// place for warnings than standard error.
  @discardableResult
  static func run<Result: Sendable>(
    hostOfRank: [Int], timeout: Duration, stallWarning: Duration? = .seconds(5),
    _ sizes: SharedCollectives.Sizes,
    warnings: @escaping @Sendable (String) -> Void = RankBoard.writeToStandardError,
    _ body: @escaping @Sendable (ThreadGroup) throws -> Result
  ) throws -> [Result] {
    let groups = try make(
      hostOfRank: hostOfRank, timeout: timeout, stallWarning: stallWarning, sizes,
      warnings: warnings)
    let outcomes = RankOutcomes<Result>(ranks: groups.count)
    let threads = groups.map { group in
      RankThread {
        do { outcomes.finish(group.rank, try body(group)) } catch {
          outcomes.fail(group.rank, error)
          group.fail(error)
        }
        group.board.enter(.end)
      }
    }
    for thread in threads { thread.join() }
    return try outcomes.results()
  }

  private static func make(
    hostOfRank: [Int], names: [String]? = nil, timeout: Duration, stallWarning: Duration?,
    _ sizes: SharedCollectives.Sizes = SharedCollectives.Sizes(),
    warnings: @escaping @Sendable (String) -> Void
  ) throws -> [ThreadGroup] {
    let hostCount = (hostOfRank.max() ?? 0) + 1
    require(
      !hostOfRank.isEmpty && Set(hostOfRank) == Set(0..<hostCount),
      "ThreadGroup: every host from 0 to \(hostCount - 1) needs a rank (\(hostOfRank))")
    let name = localHostName()
    let names = names ?? (hostCount == 1 ? [name] : (0..<hostCount).map { "\(name)#\($0)" })
    let exchange = MessageExchange()
    let cores = affinityMask().reduce(0) { $0 + $1.nonzeroBitCount }
    let waiting = WaitPolicy(ranks: hostOfRank.count, cores: max(cores, 1))
    var mappings: [RegionMapping] = []
    for host in 0..<hostCount {
      let bytes = SharedCollectives.byteCount(
        ranks: hostOfRank.count { $0 == host }, sizes)
      mappings.append(try .anonymous(byteCount: RegionTrailer.mappedBytes(bytes)))
    }
    // All ranks see the lines of all hosts: they are in one process.
    let lines = mappings.indices.map { host in
      let ranks = hostOfRank.indices.filter { hostOfRank[$0] == host }
      return (base: mappings[host].base + SharedCollectives.boardOffset(ranks.count), ranks: ranks)
    }
    return hostOfRank.indices.map { rank in
      let board = RankBoard(
        rank: rank, places: hostOfRank.map { .init(hostName: names[$0], process: getpid()) },
        hosts: lines, owners: mappings, stallWarning: stallWarning, write: warnings)
      let topology = Topology(hosts: hostOfRank, hostNames: names, rank: rank)
      let membership = HostMembership(
        localRank: topology.localRank, ranks: topology.localRanks, hostName: topology.hostName,
        timeout: timeout, waiting: waiting, board: board)
      let mapping = mappings[hostOfRank[rank]]
      let region = SharedRegion(
        mapping: mapping, byteCount: SharedCollectives.byteCount(ranks: topology.localSize, sizes),
        membership: membership)
      return ThreadGroup(
        topology: topology, host: SharedCollectives(region: region, sizes),
        transport: ThreadTransport(exchange, board, timeout: timeout))
    }
  }

  /// The first rank of the host maps the memory and passes the mapping to the others; threads of one
  /// process move between cores, so pages belong to none of them.
  override func allocateRegion(byteCount: Int, owned: [Range<Int>]) throws -> SharedRegion {
    var message = (address: UInt(0), errno: Int32(0))
    var mapping: RegionMapping?
    if host.rank == 0 {
      do {
        let made = try RegionMapping.anonymous(byteCount: RegionTrailer.mappedBytes(byteCount))
        message.address = UInt(bitPattern: Unmanaged.passUnretained(made).toOpaque())
        mapping = made
      } catch let error as CommunicationError {
        guard case .system(let code, _) = error.kind else { throw error }
        message.errno = code
      }
    }
    try withUnsafeMutableBytes(of: &message) { try host.broadcast($0, localRoot: 0) }
    if let address = UnsafeRawPointer(bitPattern: message.address) {
      mapping = Unmanaged<RegionMapping>.fromOpaque(address).takeUnretainedValue()
    }
    // Keeps the first rank's reference until the others have theirs.
    try host.barrier()
    guard let mapping else {
      throw CommunicationError.system(
        message.errno, call: "mmap of \(byteCount) bytes", rank: rank,
        advice: "free memory or use a smaller model")
    }
    return SharedRegion(
      mapping: mapping, byteCount: byteCount, membership: host.region.membership,
      failures: host.flags.failures)
  }

  /// A port to boxes in the memory of this process.
  public override func makeMessagePort() throws -> any MessagePort {
    let boxes = try madeByFirstRank { MailboxPort.Boxes(ranks: size) }
    return MailboxPort(boxes, rank: rank) { [flags = host.flags] in flags.failure }
  }

  /// A channel over a board in the memory of this process.
  public override func makeTransferChannel() throws -> any TransferChannel {
    let board = try madeByFirstRank { TransferBoard() }
    return ThreadChannel(board, rank: rank) { [unowned self] in try checkFailure() }
  }

  /// Rank 0 makes the new groups of all ranks and passes them to the others.
  override func makeSubgroup(_ split: GroupSplit) throws -> CollectiveGroup? {
    let made = try madeByFirstRank { SubgroupsOfThreads(split) { try makeThreads(of: $0) } }
    switch made.groups {
    case .success(let groups): return groups[rank]
    case .failure(let error): throw error
    }
  }

  /// The new groups of all ranks, by their number in the old one.
  private final class SubgroupsOfThreads {
    let groups: Result<[Int: ThreadGroup], any Error>

    init(_ split: GroupSplit, _ make: ([Int]) throws -> [ThreadGroup]) {
      groups = Result {
        var result: [Int: ThreadGroup] = [:]
        for members in split.groups {
          for (member, group) in zip(members, try make(members)) { result[member] = group }
        }
        return result
      }
    }
  }

  /// A group of some ranks, whose hosts are numbered by their first rank in it.
  private func makeThreads(of members: [Int]) throws -> [ThreadGroup] {
    var hosts: [Int] = []
    for member in members where !hosts.contains(topology.hosts[member]) {
      hosts.append(topology.hosts[member])
    }
    return try Self.make(
      hostOfRank: members.map { hosts.firstIndex(of: topology.hosts[$0]) ?? 0 },
      names: hosts.map { topology.hostNames[$0] }, timeout: host.region.membership.timeout,
      stallWarning: board.stallWarning, warnings: board.write)
  }

  /// An object that rank 0 makes and passes to the others.
  private func madeByFirstRank<Object: AnyObject>(_ make: () -> Object) throws -> Object {
    var address: UInt = 0
    let made = rank == 0 ? make() : nil
    if let made { address = UInt(bitPattern: Unmanaged.passUnretained(made).toOpaque()) }
    try withUnsafeMutableBytes(of: &address) { try broadcast($0, root: 0) }
    guard let shared = UnsafeRawPointer(bitPattern: address) else {
      throw CommunicationError(.launch, rank: rank, "rank 0 passed no \(Object.self)")
    }
    let object = Unmanaged<Object>.fromOpaque(shared).takeUnretainedValue()
    // Keeps rank 0's reference until the others have theirs.
    try withExtendedLifetime(made) { try barrier() }
    return object
  }
}
