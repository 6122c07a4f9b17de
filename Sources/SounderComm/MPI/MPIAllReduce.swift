#if MPI
  import CMPI

  /// MPI's own in-place sum of float32, to compare with.
  func allReduceByMPI(_ buffer: UnsafeMutableRawBufferPointer) throws {
    try forEachMPIPiece(of: buffer.count) { offset, length in
      try mpi("MPI_Allreduce") {
        MPI_Allreduce(
          cmpi_in_place(), buffer.baseAddress.map { $0 + offset }, length / 4, cmpi_float(),
          cmpi_sum(), cmpi_comm_world())
      }
    }
  }
#endif
