#if MPI
  import CMPI
  import Foundation
  import SounderArray

  extension MPIGroup {
    /// Initialises MPI and joins the job.
    ///
    /// - Parameters:
    ///   - environment: what ``LauncherEnvironment/detect(_:)`` found.
    ///   - timeout: how long a rank waits for another.
    ///   - stallWarning: after how long a wait is reported on standard error; nil for never.
    ///   - finalizeAtExit: whether leaving the program finalizes MPI, for programs whose end is not
    ///     their own, like tests. A rank that leaves early then waits for the others.
    public static func start(
      _ environment: LauncherEnvironment, timeout: Duration = .seconds(120),
      stallWarning: Duration? = .seconds(5), finalizeAtExit: Bool = false
    ) throws -> MPIGroup {
      try requireOwnLauncher(environment)
      try dieWithParent()
      OpenMPISettings.complete()
      // A rank that ends before it comes to this keeps the others in it, which the launcher does not notice.
      try ending("the start of MPI", environment.rank, timeout, stallWarning) { try initialize() }
      if finalizeAtExit { atexit { finalizeMPI() } }
      let world = MPIBootstrap(communicator: cmpi_comm_world(), rank: environment.rank)
      var rank: Int32 = 0
      var size: Int32 = 0
      try mpi("MPI_Comm_rank") { MPI_Comm_rank(world.communicator, &rank) }
      try mpi("MPI_Comm_size") { MPI_Comm_size(world.communicator, &size) }
      if let expected = environment.size, expected != Int(size) {
        throw CommunicationError(
          .launch, rank: environment.rank,
          "the launcher (\(environment.launcher)) started \(expected) ranks, but this program's MPI "
            + "sees \(size): \(libraryVersion); use the mpirun of that library")
      }
      let group = try ending("the start of the group", Int(rank), timeout, stallWarning) {
        try join(world, rank: Int(rank), timeout: timeout, stallWarning: stallWarning)
      }
      if !finalizeAtExit {
        startedGroup = group
        atexit { startedGroup?.endEarly() }
      }
      return group
    }

    /// Refuses to be started by the launcher of another MPI, where every rank would find itself alone.
    package static func requireOwnLauncher(_ environment: LauncherEnvironment) throws {
      let isOther = environment.launcher == .hydra || environment.launcher == .mvapich
      guard isOther, environment.size != 1 else { return }
      let ranks = environment.size.map { "\($0) ranks" } ?? "ranks"
      throw CommunicationError(
        .launch, rank: environment.rank,
        "the launcher (\(environment.launcher)) started \(ranks), but this program uses \(libraryVersion), "
          + "which would see one: start it with the mpirun of that library, or 'srun --mpi=pmix'")
    }

    /// Runs calls of MPI that nothing can interrupt; the job ends when they take too long.
    static func ending<Result>(
      _ operation: String, _ rank: Int, _ timeout: Duration, _ stallWarning: Duration?,
      _ body: () throws -> Result
    ) rethrows -> Result {
      let deadline = MPIDeadline(
        operation, name: "rank \(rank) (host \(localHostName()), pid \(getpid()))",
        timeout: timeout, stallWarning: stallWarning)
      defer { deadline.dismiss() }
      return try body()
    }

    /// The name and version of the MPI library.
    public static var libraryVersion: String {
      var text = [CChar](repeating: 0, count: Int(MPI_MAX_LIBRARY_VERSION_STRING) + 1)
      var length: Int32 = 0
      guard MPI_Get_library_version(&text, &length) == MPI_SUCCESS else { return "unknown MPI" }
      return String(
        decoding: text.prefix(Int(length)).prefix { $0 != 0 && $0 != 44 }
          .map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func initialize() throws {
      var initialized: Int32 = 0
      try mpi("MPI_Initialized") { MPI_Initialized(&initialized) }
      guard initialized == 0 else {
        throw CommunicationError(
          .launch, "MPI has already been started in this process; keep the first group")
      }
      var provided: Int32 = 0
      try mpi("MPI_Init_thread") {
        MPI_Init_thread(nil, nil, Int32(MPI_THREAD_MULTIPLE), &provided)
      }
      try mpi("MPI_Comm_set_errhandler") {
        MPI_Comm_set_errhandler(cmpi_comm_world(), cmpi_errors_return())
      }
    }

    /// Finds the ranks of this host, shares memory with them, and connects the hosts.
    static func join(
      _ world: MPIBootstrap, rank: Int, timeout: Duration, stallWarning: Duration?,
      isWorld: Bool = true
    ) throws -> MPIGroup {
      var communicator: MPI_Comm?
      try mpi("MPI_Comm_split_type", rank: rank) {
        MPI_Comm_split_type(
          world.communicator, Int32(MPI_COMM_TYPE_SHARED), Int32(rank), cmpi_info_null(),
          &communicator)
      }
      let shared = MPIBootstrap(communicator: communicator, rank: rank)
      let mapped = try hostRegion(shared, rank: rank, timeout: timeout)
      let ranks = mapped.membership.ranks
      // A host is known by its lowest rank.
      let leaders = try world.allGather(ranks[0])
      let order = Set(leaders).sorted()
      let names = try world.allGather(localHostName())
      let processes = try world.allGather(Int(getpid()))
      let topology = Topology(
        hosts: leaders.map { order.firstIndex(of: $0) ?? 0 }, hostNames: order.map { names[$0] },
        rank: rank)
      let lines = mapped.base + SharedCollectives.boardOffset(ranks.count)
      let board = RankBoard(
        rank: rank,
        places: zip(names, processes).map { .init(hostName: $0, process: Int32($1)) },
        hosts: [(lines, ranks)], owners: [mapped.mapping], stallWarning: stallWarning)
      if order.count > 1 {
        // Whoever asks goes by its own deadline, so a failure does not end the port.
        board.join(
          over: try MPIPort(world.communicator, rank: rank, size: leaders.count) { nil })
      }
      let region = SharedRegion(
        mapping: mapped.mapping, byteCount: mapped.byteCount,
        membership: mapped.membership.with(board: board))
      let transport =
        order.count > 1
        ? try MPITransport(world.communicator, size: leaders.count, board: board, timeout: timeout)
        : nil
      let group = MPIGroup(
        communicator: world.communicator, isWorld: isWorld, topology: topology,
        host: SharedCollectives(region: region), transport: transport)
      if isWorld && topology.hostCount > 1 && topology.localRank == 0 {
        group.watch = try LauncherWatch.start()
      }
      return group
    }

    /// The memory of the ranks that MPI puts on this host; alone when they cannot share it, as in
    /// containers with one host name but separate namespaces.
    private static func hostRegion(
      _ bootstrap: MPIBootstrap, rank: Int, timeout: Duration
    ) throws -> SharedRegion {
      let name = localHostName()
      let ranks = try bootstrap.allGather(rank)
      let membership = HostMembership(
        localRank: ranks.firstIndex(of: rank) ?? 0, ranks: ranks, hostName: name, timeout: timeout,
        waiting: WaitPolicy(ranks: 1, cores: 1), board: RankBoard(rank: rank, hostName: name))
      do {
        return try ProcessRegion(
          byteCount: SharedCollectives.byteCount(ranks: ranks.count), membership: membership,
          bootstrap: bootstrap
        ).make()
      } catch is ProcessRegion.NotShared {
        let alone = HostMembership(
          localRank: 0, ranks: [rank], hostName: name, timeout: timeout,
          waiting: WaitPolicy(ranks: 1, cores: 1), board: membership.board)
        let bytes = SharedCollectives.byteCount(ranks: 1)
        return SharedRegion(
          mapping: try .anonymous(byteCount: RegionTrailer.mappedBytes(bytes)), byteCount: bytes,
          membership: alone)
      }
    }
  }

  /// The group of this process, for its end; set once, before there are other threads that use it.
  nonisolated(unsafe) private var startedGroup: MPIGroup?

  /// Leaves MPI unless that has been done.
  private func finalizeMPI() {
    var finalized: Int32 = 0
    guard MPI_Finalized(&finalized) == MPI_SUCCESS, finalized == 0 else { return }
    MPI_Finalize()
  }
#endif
