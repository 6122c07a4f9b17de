#if MPI
  import CKernels
  import CMPI
  import Foundation
  import SounderTrace

  /// Messages between hosts over MPI, with a deadline and notice of failures elsewhere.
  final class MPITransport: MessageTransport {
    private let rank: Int
    private let size: Int
    private let board: RankBoard
    private let timeout: Duration
    /// Separate communicators keep collectives, the user's messages and failures apart.
    private let collectives: MPI_Comm?
    private let messages: MPI_Comm?
    private let failures: MPI_Comm?
    /// The first failure that is known here; several threads may ask for it while they wait.
    private var failure: CommunicationError? { lock.withLock { known } }
    private let lock = NSLock()
    private var known: CommunicationError?
    private var notices: [UnsafeMutableRawBufferPointer] = []

    /// A transport between the ranks of a communicator; a collective over them.
    init(
      _ communicator: MPI_Comm?, size: Int, board: RankBoard, timeout: Duration
    ) throws {
      rank = board.rank
      self.size = size
      self.board = board
      self.timeout = timeout
      collectives = try duplicate(communicator, rank: rank)
      messages = try duplicate(communicator, rank: rank)
      failures = try duplicate(communicator, rank: rank)
    }

    // MARK: Transfers

    func exchange(
      sends: [(rank: Int, bytes: UnsafeRawBufferPointer)],
      receives: [(rank: Int, bytes: UnsafeMutableRawBufferPointer)], _ operation: String
    ) throws {
      if let failure { throw failure }
      let pending = PendingRequests()
      for (other, bytes) in receives { try pending.receive(bytes, other, 0, collectives) }
      for (other, bytes) in sends { try pending.send(bytes, other, 0, collectives) }
      try complete(pending, operation)
    }

    func send(_ buffer: UnsafeRawBufferPointer, to other: Int, tag: Int) throws {
      if let failure { throw failure }
      let pending = PendingRequests()
      var length = Int64(buffer.count)
      try withUnsafeBytes(of: &length) { header in
        try pending.send(header, other, mpiTag(tag), messages)
        try pending.send(buffer, other, mpiTag(tag), messages)
        try complete(pending, "send of \(buffer.count) bytes to rank \(other)")
      }
    }

    func receive(_ buffer: UnsafeMutableRawBufferPointer, from other: Int, tag: Int) throws {
      if let failure { throw failure }
      let operation = "receive of tag \(tag) from rank \(other)"
      var length: Int64 = 0
      try withUnsafeMutableBytes(of: &length) { header in
        let pending = PendingRequests()
        try pending.receive(header, other, mpiTag(tag), messages)
        try complete(pending, operation)
      }
      guard length == buffer.count else {
        throw CommunicationError.messageLength(
          sent: Int(length), expected: buffer.count, from: other, to: rank, tag: tag)
      }
      let pending = PendingRequests()
      try pending.receive(buffer, other, mpiTag(tag), messages)
      try complete(pending, operation)
    }

    private func mpiTag(_ tag: Int) -> Int32 { Int32(truncatingIfNeeded: tag) & 0x7fff_ffff }

    // MARK: Waiting

    private func complete(_ pending: PendingRequests, _ operation: String) throws {
      let span = Trace.begin(.network, "transfer", pending.firstRank)
      defer { Trace.end(span) }
      var stall = StallWatch(board, since: ck_monotonic_nanoseconds())
      let limit = UInt64(max(timeout.wholeNanoseconds, 0))
      var polls = 0
      while !(try pending.isComplete()) {
        polls += 1
        if polls % 64 == 0 {
          learn(board.failureElsewhere?())
          sched_yield()
          stall.look(for: pending.missing(), in: operation)
          if stall.waited > limit {
            stall.abandon()
            let missing = pending.abandon()
            throw CommunicationError(
              .timeout(missing: missing), rank: rank,
              stall.timeout(operation, missing: missing))
          }
        }
        if let failure {
          stall.abandon()
          _ = pending.abandon()
          throw failure
        }
      }
      stall.end(operation)
    }

    // MARK: Failures

    func fail(_ error: CommunicationError) {
      guard learn(error) else { return }
      let notice = FailureNotice(error, origin: rank).bytes
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: notice.count, alignment: 8)
      buffer.copyBytes(from: notice)
      // Sends nobody may ever receive: their buffer stays, and the job is about to end.
      notices.append(buffer)
      for other in 0..<size where other != rank {
        var request: MPI_Request?
        MPI_Isend(
          buffer.baseAddress, Int32(buffer.count), cmpi_byte(), Int32(other), 0, failures, &request)
        if request != nil { MPI_Request_free(&request) }
      }
    }

    func checkFailure() throws {
      try readFailure()
      if let failure { throw failure }
    }

    /// Takes a failure over as the first, if there is one and none was known; says whether that is so.
    @discardableResult
    private func learn(_ error: CommunicationError?) -> Bool {
      lock.withLock {
        guard known == nil, let error else { return false }
        known = error
        return true
      }
    }

    private func readFailure() throws {
      try lock.withLock {
        guard known == nil, let source = try noticeSource() else { return }
        var bytes = [UInt8](repeating: 0, count: FailureNotice.byteCount)
        try mpi("MPI_Recv", rank: rank) {
          MPI_Recv(
            &bytes, Int32(bytes.count), cmpi_byte(), source, 0, failures, cmpi_status_ignore())
        }
        known = FailureNotice(bytes).error(seenBy: rank)
      }
    }

    /// The rank whose notice of a failure has arrived.
    private func noticeSource() throws -> Int32? {
      var present: Int32 = 0
      var status = MPI_Status()
      try mpi("MPI_Iprobe", rank: rank) {
        MPI_Iprobe(cmpi_any_source(), 0, failures, &present, &status)
      }
      return present != 0 ? cmpi_status_source(&status) : nil
    }
  }
#endif
