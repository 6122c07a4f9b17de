#if MPI
  import CMPI

  /// Transfers that MPI is working on.
  final class PendingRequests {
    private var requests: [MPI_Request?] = []
    private var ranks: [Int] = []

    func receive(
      _ buffer: UnsafeMutableRawBufferPointer, _ other: Int, _ tag: Int32, _ communicator: MPI_Comm?
    ) throws {
      add(
        try beginMPI("MPI_Irecv", byteCount: buffer.count) { offset, length, request in
          MPI_Irecv(
            buffer.baseAddress.map { $0 + offset }, length, cmpi_byte(), Int32(other), tag,
            communicator, request)
        }, other)
    }

    func send(
      _ buffer: UnsafeRawBufferPointer, _ other: Int, _ tag: Int32, _ communicator: MPI_Comm?
    ) throws {
      add(
        try beginMPI("MPI_Isend", byteCount: buffer.count) { offset, length, request in
          MPI_Isend(
            buffer.baseAddress.map { $0 + offset }, length, cmpi_byte(), Int32(other), tag,
            communicator, request)
        }, other)
    }

    private func add(_ begun: [MPI_Request?], _ other: Int) {
      requests += begun
      ranks += Array(repeating: other, count: begun.count)
    }

    /// The first of the ranks at the other ends; -1 without any.
    var firstRank: Int { ranks.first ?? -1 }

    func isComplete() throws -> Bool {
      guard !requests.isEmpty else { return true }
      var flag: Int32 = 0
      try mpi("MPI_Testall") {
        MPI_Testall(Int32(requests.count), &requests, &flag, cmpi_statuses_ignore())
      }
      return flag != 0
    }

    /// The ranks of the transfers that are not complete.
    func missing() -> [Int] {
      let null = cmpi_request_null()
      for index in requests.indices where requests[index] != null {
        var flag: Int32 = 0
        MPI_Test(&requests[index], &flag, cmpi_status_ignore())
      }
      return Set(requests.indices.filter { requests[$0] != null }.map { ranks[$0] }).sorted()
    }

    /// Gives up what is not complete, so that MPI leaves the buffers alone; returns who is missing.
    func abandon() -> [Int] {
      let missing = missing()
      for index in requests.indices where requests[index] != cmpi_request_null() {
        MPI_Cancel(&requests[index])
        MPI_Request_free(&requests[index])
      }
      return missing
    }
  }
#endif
