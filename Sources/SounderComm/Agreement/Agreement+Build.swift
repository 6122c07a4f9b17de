import SounderArray

extension Agreement {
  /// Adds what program runs: its code and constants, and the MPI library it is joined to.
  public mutating func addBuild() {
    add(.build, "the digest of the program's code", Digest.program.short)
    #if MPI
      add(.build, "the MPI library", MPIGroup.libraryVersion)
    #endif
  }
}
