#if MPI
  import CKernels
  import CMPI
  import Foundation

  /// A port between MPI ranks, on a communicator of its own.
  final class MPIPort: MessagePort, @unchecked Sendable {
    // @unchecked: all state is guarded by `lock`, but for constants.
    let rank: Int
    let size: Int
    private let communicator: MPI_Comm?
    /// The longest piece of a message; tests make it short to reach the long path cheaply.
    private let pieceBytes: Int
    private let failure: @Sendable () -> CommunicationError?
    private let lock = NSLock()
    private var outgoing: [(request: MPI_Request?, bytes: UnsafeMutableRawBufferPointer)] = []
    /// Messages of this rank to itself, and the pieces of long ones, by sender.
    private var own: [ReceivedMessage] = []
    private var pieces: [Int: [UInt8]] = [:]

    private static let lastPiece: Int32 = 0
    private static let morePieces: Int32 = 1
    /// Polls before a waiting rank sleeps between them; more ranks than cores must work too.
    private static let yields = 200
    private static let pause: UInt32 = 50

    /// A collective over all ranks: each port has its own communicator.
    init(
      _ original: MPI_Comm? = cmpi_comm_world(), rank: Int, size: Int, pieceBytes: Int = 1 << 30,
      failure: @escaping @Sendable () -> CommunicationError?
    ) throws {
      self.pieceBytes = pieceBytes
      self.rank = rank
      self.size = size
      self.failure = failure
      communicator = try duplicate(original, rank: rank)
    }

    func post(_ message: [UInt8], to other: Int) throws {
      try lock.withLock {
        guard other != rank else {
          return own.append(ReceivedMessage(sender: rank, bytes: message))
        }
        // An empty message is one empty piece.
        guard !message.isEmpty else { return try post([], isLast: true, other) }
        try forEachMPIPiece(of: message.count, limit: pieceBytes) { offset, length in
          let isLast = offset + Int(length) == message.count
          try post(message[offset..<offset + Int(length)], isLast: isLast, other)
        }
      }
    }

    private func post(_ piece: ArraySlice<UInt8>, isLast: Bool, _ other: Int) throws {
      let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.count, alignment: 64)
      bytes.copyBytes(from: piece)
      var request: MPI_Request?
      try mpi("MPI_Isend", rank: rank) {
        MPI_Isend(
          bytes.baseAddress, Int32(piece.count), cmpi_byte(), Int32(other),
          isLast ? MPIPort.lastPiece : MPIPort.morePieces, communicator, &request)
      }
      outgoing.append((request, bytes))
    }

    func poll() throws -> [ReceivedMessage] {
      try lock.withLock {
        try releaseSent()
        var messages = own
        own = []
        while let status = try probe() { try take(status, &messages) }
        if messages.isEmpty, let failure = failure() { throw failure }
        return messages
      }
    }

    func wait(atMost duration: Duration) throws {
      let end = ck_monotonic_nanoseconds() + UInt64(max(duration.wholeNanoseconds, 0))
      var polls = 0
      while ck_monotonic_nanoseconds() < end {
        let arrived = try lock.withLock { try !own.isEmpty || probe() != nil }
        if arrived || failure() != nil { return }
        polls += 1
        if polls < MPIPort.yields { sched_yield() } else { usleep(MPIPort.pause) }
      }
    }

    /// The next message that waits to be received.
    private func probe() throws -> MPI_Status? {
      var present: Int32 = 0
      var status = MPI_Status()
      try mpi("MPI_Iprobe", rank: rank) {
        MPI_Iprobe(cmpi_any_source(), cmpi_any_tag(), communicator, &present, &status)
      }
      return present != 0 ? status : nil
    }

    private func take(_ status: MPI_Status, _ messages: inout [ReceivedMessage]) throws {
      var status = status
      var length: Int32 = 0
      try mpi("MPI_Get_count", rank: rank) { MPI_Get_count(&status, cmpi_byte(), &length) }
      let (sender, tag) = (Int(cmpi_status_source(&status)), cmpi_status_tag(&status))
      let bytes = try [UInt8](unsafeUninitializedCapacity: Int(length)) { buffer, count in
        try mpi("MPI_Recv", rank: rank) {
          MPI_Recv(
            buffer.baseAddress, length, cmpi_byte(), Int32(sender), tag, communicator,
            cmpi_status_ignore())
        }
        count = Int(length)
      }
      guard tag == MPIPort.lastPiece else { return pieces[sender, default: []] += bytes }
      let begun = pieces.removeValue(forKey: sender)
      messages.append(ReceivedMessage(sender: sender, bytes: begun.map { $0 + bytes } ?? bytes))
    }

    /// Frees what has left; also lets MPI work on what has not.
    private func releaseSent() throws {
      guard !outgoing.isEmpty else { return }
      var kept: [(request: MPI_Request?, bytes: UnsafeMutableRawBufferPointer)] = []
      for var entry in outgoing {
        var sent: Int32 = 0
        try mpi("MPI_Test", rank: rank) { MPI_Test(&entry.request, &sent, cmpi_status_ignore()) }
        if sent != 0 { entry.bytes.deallocate() } else { kept.append(entry) }
      }
      outgoing = kept
    }
  }
#endif
