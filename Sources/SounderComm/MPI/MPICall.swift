#if MPI
  import CMPI
  import SounderTrace

  /// Calls MPI and turns a return code into an error; every call of the library goes through here.
  func mpi(_ call: EventName, rank: Int? = nil, _ body: () -> Int32) throws {
    let span = call.isPoll ? nil : Trace.begin(.mpi, call)
    let code = body()
    Trace.end(span)
    guard code != MPI_SUCCESS else { return }
    var text = [CChar](repeating: 0, count: Int(MPI_MAX_ERROR_STRING) + 1)
    var length: Int32 = 0
    let known = MPI_Error_string(code, &text, &length) == MPI_SUCCESS
    let reason =
      known
      ? String(decoding: text.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
      : "unknown error"
    throw CommunicationError(
      .mpi(code: code, call: call.text), rank: rank, "\(call.text) failed: \(reason) (code \(code))"
    )
  }

  extension EventName {
    /// Whether this is one of the calls that never block (`MPI_Test…`, `MPI_Iprobe`): thousands of
    /// them would only push out what matters.
    fileprivate var isPoll: Bool {
      guard let text = bytes else { return false }
      let name = text + 4
      return name[0] == 84 || name[0] == 73 && name[1] == 112
    }
  }

  /// A communicator over the ranks of another that reports errors by codes; a collective over them.
  func duplicate(_ original: MPI_Comm?, rank: Int) throws -> MPI_Comm? {
    var communicator: MPI_Comm?
    try mpi("MPI_Comm_dup", rank: rank) { MPI_Comm_dup(original, &communicator) }
    try mpi("MPI_Comm_set_errhandler", rank: rank) {
      MPI_Comm_set_errhandler(communicator, cmpi_errors_return())
    }
    return communicator
  }

  /// Begins a message in pieces and returns their requests; `start` makes MPI's call for one of them.
  func beginMPI(
    _ call: EventName, rank: Int? = nil, byteCount: Int, limit: Int = 1 << 30,
    _ start: (
      _ offset: Int, _ length: Int32, _ request: UnsafeMutablePointer<MPI_Request?>
    ) -> Int32
  ) throws -> [MPI_Request?] {
    var requests: [MPI_Request?] = []
    try forEachMPIPiece(of: byteCount, limit: limit) { offset, length in
      var request: MPI_Request?
      try mpi(call, rank: rank) { start(offset, length, &request) }
      requests.append(request)
    }
    return requests
  }

  /// Cuts a transfer into pieces whose length fits MPI's 32-bit counts.
  func forEachMPIPiece(
    of byteCount: Int, limit: Int = 1 << 30, _ body: (_ offset: Int, _ length: Int32) throws -> Void
  ) rethrows {
    for offset in stride(from: 0, to: byteCount, by: limit) {
      try body(offset, Int32(min(limit, byteCount - offset)))
    }
  }
#endif
