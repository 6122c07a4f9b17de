#if MPI
  import CMPI

  /// A channel between MPI ranks, on a communicator of its own.
  ///
  /// Messages travel in pieces that MPI sends at once, without asking the receiver first: on a link with
  /// a latency of 5 ms that question would cost 10.
  final class MPIChannel: TransferChannel {
    let rank: Int
    private let communicator: MPI_Comm?
    private let failure: () throws -> Void

    /// Below the 64 KiB up to which Open MPI sends over TCP without a question, headers included.
    static let pieceBytes = 60 << 10

    /// A collective over all ranks.
    init(_ original: MPI_Comm?, rank: Int, failure: @escaping () throws -> Void) throws {
      self.rank = rank
      self.failure = failure
      communicator = try duplicate(original, rank: rank)
    }

    func send(_ bytes: UnsafeRawBufferPointer, to other: Int, tag: Int) throws -> any Transfer {
      let requests = try beginMPI(
        "MPI_Isend", rank: rank, byteCount: bytes.count, limit: Self.pieceBytes
      ) { offset, length, request in
        MPI_Isend(
          bytes.baseAddress.map { $0 + offset }, length, cmpi_byte(), Int32(other), Int32(tag),
          communicator, request)
      }
      return MPITransfer(requests, peer: other, of: rank, tag: tag, received: nil)
    }

    func receive(
      _ bytes: UnsafeMutableRawBufferPointer, from other: Int, tag: Int
    ) throws -> any Transfer {
      let requests = try beginMPI(
        "MPI_Irecv", rank: rank, byteCount: bytes.count, limit: Self.pieceBytes
      ) { offset, length, request in
        MPI_Irecv(
          bytes.baseAddress.map { $0 + offset }, length, cmpi_byte(), Int32(other), Int32(tag),
          communicator, request)
      }
      return MPITransfer(requests, peer: other, of: rank, tag: tag, received: bytes.count)
    }

    func checkFailure() throws { try failure() }
  }

  private final class MPITransfer: Transfer {
    let peer: Int
    private let rank: Int
    private let tag: Int
    private var requests: [MPI_Request?]
    /// The bytes that must arrive in all pieces together; nil for what is sent.
    private let received: Int?
    private var completed = 0

    init(_ requests: [MPI_Request?], peer: Int, of rank: Int, tag: Int, received: Int?) {
      self.requests = requests
      self.peer = peer
      self.rank = rank
      self.tag = tag
      self.received = received
    }

    /// Looks at the first open piece only: one call makes MPI work on all of them.
    func isComplete() throws -> Bool {
      while completed < requests.count {
        var flag: Int32 = 0
        var status = MPI_Status()
        try mpi("MPI_Test", rank: rank) { MPI_Test(&requests[completed], &flag, &status) }
        if flag == 0 { return false }
        if let received {
          try check(
            &status, min(MPIChannel.pieceBytes, received - completed * MPIChannel.pieceBytes))
        }
        completed += 1
      }
      return true
    }

    private func check(_ status: inout MPI_Status, _ expected: Int) throws {
      var length: Int32 = 0
      try mpi("MPI_Get_count", rank: rank) { MPI_Get_count(&status, cmpi_byte(), &length) }
      guard Int(length) == expected else {
        throw CommunicationError.messageLength(
          sent: Int(length), expected: expected, from: peer, to: rank, tag: tag)
      }
    }

    func abandon() {
      for index in completed..<requests.count where requests[index] != cmpi_request_null() {
        MPI_Cancel(&requests[index])
        MPI_Request_free(&requests[index])
      }
      completed = requests.count
    }
  }
#endif
