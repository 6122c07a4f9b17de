#if MPI
  import SounderComm

  /// The group of this process, for the suites of all test targets: MPI cannot be started twice.
  package enum MPIJob {
    /// Whether a launcher has started this process.
    package static let isPresent = (try? LauncherEnvironment.detect()) != nil
    /// All ranks, or why there are none.
    package static let group = Result {
      guard let environment = try LauncherEnvironment.detect() else {
        throw CommunicationError(.launch, "not launched by MPI")
      }
      return try MPIGroup.start(environment, timeout: .seconds(60), finalizeAtExit: true)
    }
  }
#endif
