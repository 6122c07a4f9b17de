import Sounder

/// Runs a piece of work on every rank of the job that this process belongs to.
enum Ranks {
  /// Refuses a start that cannot work, before any work is done.
  static func refuseMistakes(inProcess count: Int?) throws {
    let launcher = try LauncherEnvironment.detect()
    #if MPI
      if let launcher { try MPIGroup.requireOwnLauncher(launcher) }
    #endif
    guard let count, count > 1, let launcher, launcher.size != 1 else { return }
    throw ParallelError(
      "--ranks-in-process \(count): this process is itself a rank started by a launcher; "
        + "use one or the other")
  }

  /// Runs `body` on ranks that are threads of this process, or on the rank that this process is.
  ///
  /// - Parameters:
  ///   - count: the number of threads; nil lets the launcher decide.
  ///   - timeout: seconds after which a silent peer is an error.
  ///   - stallWarning: seconds after which a wait for a peer is reported; nil for never.
  /// - Returns: what the first rank of this process returned.
  static func run(
    inProcess count: Int?, timeout: Double, stallWarning: Double? = 5,
    _ body: @escaping @Sendable (any ProcessGroup) throws -> ExitCode
  ) throws -> ExitCode {
    let timeout = Duration.seconds(timeout)
    let stallWarning = stallWarning.map { Duration.seconds($0) }
    try refuseMistakes(inProcess: count)
    if let count, count > 1 {
      return try ThreadGroup.run(ranks: count, timeout: timeout, stallWarning: stallWarning) {
        try body($0)
      }.first ?? .success
    }
    let group = try LauncherEnvironment.makeProcessGroup(
      timeout: timeout, stallWarning: stallWarning)
    do {
      let code = try body(group)
      try group.leave()
      return code
    } catch let error where error is ParallelError || error is DisagreementError {
      // A job that cannot be cut or begun like that: all ranks find out alike and leave in order.
      try group.leave()
      throw error
    } catch {
      // A rank that leaves silently would let the others wait for it; this prints the error, too.
      if group.size > 1 { group.abort(error, exitCode: Failure.exitCode(of: error).rawValue) }
      throw error
    }
  }
}

extension ProcessGroup {
  /// Leaves the job in order, where that takes more than returning.
  fileprivate func leave() throws {
    #if MPI
      try (self as? MPIGroup)?.finalize()
    #endif
  }
}
