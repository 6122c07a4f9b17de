#if MPI
  import CMPI
  import Foundation
  import SounderArray

  /// A group whose ranks are processes started by an MPI launcher.
  ///
  /// MPI serves for the start, names and other hosts; on one host all data moves through shared
  /// memory. A process can start one group, once. Use it from one thread, and end the program with
  /// ``finalize()`` on every rank or ``abort(_:exitCode:)`` on any.
  public final class MPIGroup: CollectiveGroup, @unchecked Sendable {
    // @unchecked: see the superclass; `isFinalized` is used by the group's thread.
    private var isFinalized = false
    private let communicator: MPI_Comm?
    /// Whether the group is all of the job's ranks.
    private let isWorld: Bool
    /// Held by one rank of each host.
    var watch: LauncherWatch?

    init(
      communicator: MPI_Comm?, isWorld: Bool, topology: Topology, host: SharedCollectives,
      transport: (any MessageTransport)?
    ) {
      self.communicator = communicator
      self.isWorld = isWorld
      super.init(topology: topology, host: host, transport: transport)
    }

    override func allocateRegion(byteCount: Int, owned: [Range<Int>]) throws -> SharedRegion {
      do {
        return try ProcessRegion(
          byteCount: byteCount, membership: host.region.membership, bootstrap: host,
          failures: host.flags.failures, owned: owned
        ).make()
      } catch is ProcessRegion.NotShared {
        throw CommunicationError(
          .launch, rank: rank,
          "the ranks of \(topology.hostName) no longer see each other's memory; restart the job")
      }
    }

    /// A port on a communicator of its own.
    public override func makeMessagePort() throws -> any MessagePort {
      try MPIPort(communicator, rank: rank, size: size) { [flags = host.flags] in flags.failure }
    }

    /// A channel on a communicator of its own.
    public override func makeTransferChannel() throws -> any TransferChannel {
      try MPIChannel(communicator, rank: rank) { [unowned self] in try checkFailure() }
    }

    /// Joins the ranks of a new communicator as the job's were joined.
    override func makeSubgroup(_ split: GroupSplit) throws -> CollectiveGroup? {
      let position = split.members.flatMap { $0.firstIndex(of: rank) }
      let color = split.groups.firstIndex { $0.contains(rank) }.map(Int32.init) ?? MPI_UNDEFINED
      var made: MPI_Comm?
      try mpi("MPI_Comm_split", rank: rank) {
        MPI_Comm_split(communicator, color, Int32(position ?? 0), &made)
      }
      guard let position else { return nil }
      try mpi("MPI_Comm_set_errhandler", rank: rank) {
        MPI_Comm_set_errhandler(made, cmpi_errors_return())
      }
      return try Self.join(
        MPIBootstrap(communicator: made, rank: position), rank: position,
        timeout: host.region.membership.timeout, stallWarning: board.stallWarning,
        isWorld: false)
    }

    /// Leaves the job; a collective over all ranks, after which the group is of no use.
    ///
    /// Groups that were made by ``split(color:key:)`` leave with the one they were made from.
    public func finalize() throws {
      guard isWorld, !isFinalized else { return }
      isFinalized = true
      board.enter(.end)
      try MPIGroup.ending(
        "the end of the job", rank, host.region.membership.timeout, board.stallWarning
      ) {
        try mpi("MPI_Finalize", rank: rank) { MPI_Finalize() }
      }
      watch?.dismiss()
    }

    /// Prints the error and ends all ranks of the job, at once, with an exit code.
    ///
    /// The rank that failed first prints; the others wait to be ended by it.
    public override func abort(_ error: any Error, exitCode: Int32) {
      isFinalized = true
      fail(error)
      var text = "\((error as? CommunicationError)?.message ?? "\(error)")"
      if text.hasPrefix("error: ") { text.removeFirst("error: ".count) }
      if let reporter = firstReporter(), reporter != rank {
        // mpirun's signals, which come first, cut a sleep short.
        var left = MPIGroup.secondsToSpeak
        while left > 0 { left = sleep(left) }
        text = "because of rank \(reporter): \(text)"
      }
      RankBoard.writeToStandardError("error: \(board.name(of: rank)): \(text)")
      fflush(nil)
      // mpirun passes the line on before it says that the job has been ended.
      usleep(MPIGroup.microsecondsToPassOn)
      MPI_Abort(cmpi_comm_world(), exitCode)
      // MPI_Abort may return when MPI is no longer able to end the job.
      _exit(exitCode)
    }

    private static let secondsToSpeak: UInt32 = 5
    private static let microsecondsToPassOn: UInt32 = 30_000

    /// The rank that was the first to fail.
    private func firstReporter() -> Int? {
      for _ in 0..<100 {
        if let failure = host.flags.failure { return failure.reporter }
        // Another rank is writing its failure down.
        usleep(1000)
      }
      return nil
    }

    /// Ends the job when this process ends before it has left the job.
    func endEarly() {
      guard !isFinalized else { return }
      abort(
        CommunicationError(
          .peerFailure(rank: rank), rank: rank,
          "the program has ended before its work with the other ranks; "
            + "leave with finalize() on all ranks, or with abort()"),
        exitCode: MPIGroup.endedEarly)
    }

    /// `EX_SOFTWARE`: what the program did cannot be right.
    private static let endedEarly: Int32 = 70
  }
#endif
