#if MPI
  import CMPI

  /// Communication over MPI before the ranks of a host have shared memory.
  struct MPIBootstrap: HostBootstrap {
    let communicator: MPI_Comm?
    let rank: Int

    func broadcast(_ words: inout [UInt64]) throws {
      try words.withUnsafeMutableBytes { bytes in
        try mpi("MPI_Bcast", rank: rank) {
          MPI_Bcast(bytes.baseAddress, Int32(bytes.count), cmpi_byte(), 0, communicator)
        }
      }
    }

    func minimum(_ value: Int64) throws -> Int64 {
      var result = value
      try mpi("MPI_Allreduce", rank: rank) {
        MPI_Allreduce(cmpi_in_place(), &result, 1, cmpi_int64(), cmpi_min(), communicator)
      }
      return result
    }

    /// The values of all ranks of the communicator.
    func allGather(_ value: Int) throws -> [Int] {
      var size: Int32 = 0
      try mpi("MPI_Comm_size", rank: rank) { MPI_Comm_size(communicator, &size) }
      var input = Int64(value)
      var output = [Int64](repeating: 0, count: Int(size))
      try mpi("MPI_Allgather", rank: rank) {
        MPI_Allgather(&input, 1, cmpi_int64(), &output, 1, cmpi_int64(), communicator)
      }
      return output.map { Int($0) }
    }

    /// The texts of all ranks of the communicator, cut to 256 bytes.
    func allGather(_ text: String) throws -> [String] {
      let width = 256
      var size: Int32 = 0
      try mpi("MPI_Comm_size", rank: rank) { MPI_Comm_size(communicator, &size) }
      var input = [UInt8](repeating: 0, count: width)
      for (index, byte) in text.utf8.prefix(width).enumerated() { input[index] = byte }
      var output = [UInt8](repeating: 0, count: width * Int(size))
      try mpi("MPI_Allgather", rank: rank) {
        MPI_Allgather(
          &input, Int32(width), cmpi_byte(), &output, Int32(width), cmpi_byte(), communicator)
      }
      return (0..<Int(size)).map { index in
        let bytes = output[index * width..<(index + 1) * width].prefix { $0 != 0 }
        return String(decoding: bytes, as: UTF8.self)
      }
    }
  }
#endif
