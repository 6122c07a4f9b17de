#if MPI
  import CMPI
#endif

extension ProcessGroup {
  /// MPI's own in-place sum of float32 over these ranks, to compare with; nil unless MPI started them.
  package var sumByMPI: ((UnsafeMutableRawBufferPointer) throws -> Void)? {
    #if MPI
      guard self is MPIGroup else { return nil }
      return { try allReduceByMPI($0) }
    #else
      return nil
    #endif
  }
}

#if MPI
  private func allReduceByMPI(_ buffer: UnsafeMutableRawBufferPointer) throws {
    try forEachMPIPiece(of: buffer.count) { offset, length in
      try mpi("MPI_Allreduce") {
        MPI_Allreduce(
          cmpi_in_place(), buffer.baseAddress.map { $0 + offset }, length / 4, cmpi_float(),
          cmpi_sum(), cmpi_comm_world())
      }
    }
  }
#endif
