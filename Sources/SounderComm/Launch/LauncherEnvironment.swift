import Foundation

/// What the environment says about the job this process belongs to, before MPI is initialised.
///
/// Starting MPI takes a quarter of a second and forks a daemon, so a program that nobody launched as
/// a rank must never do it.
public struct LauncherEnvironment: Sendable, Hashable {
  /// The program that started this process.
  public enum Launcher: String, Sendable {
    /// Open MPI's mpirun.
    case openMPI
    /// A launcher that speaks PMIx: `srun --mpi=pmix`, prun.
    case pmix
    /// MPICH's or Intel's mpirun.
    case hydra
    /// MVAPICH2's mpirun.
    case mvapich
  }

  /// The program that started this process.
  public let launcher: Launcher
  /// This process's number in the job.
  public let rank: Int
  /// The number of processes, where the launcher says it.
  public let size: Int?
  /// This process's number among those of the host, where the launcher says it.
  public let localRank: Int?
  /// The number of processes on the host, where the launcher says it.
  public let localSize: Int?

  /// Reads the launchers' variables; nil when this process is on its own.
  ///
  /// - Throws: ``CommunicationError`` of kind `launch` when the process is one of several that could
  ///   not find each other, so that each would train alone and overwrite the others' results.
  public static func detect(
    _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> LauncherEnvironment? {
    let found = try read(Variables(environment), environment)
    if let found, let size = found.size, found.rank >= size {
      throw CommunicationError(
        .launch,
        "the launcher (\(found.launcher)) calls this rank \(found.rank) of \(size); its variables in the "
          + "environment contradict each other, so clean the environment and start again")
    }
    return found
  }

  private static func read(
    _ variables: Variables, _ environment: [String: String]
  ) throws -> LauncherEnvironment? {
    if let rank = try variables.number("OMPI_COMM_WORLD_RANK") {
      return LauncherEnvironment(
        launcher: .openMPI, rank: rank, size: try variables.number("OMPI_COMM_WORLD_SIZE"),
        localRank: try variables.number("OMPI_COMM_WORLD_LOCAL_RANK"),
        localSize: try variables.number("OMPI_COMM_WORLD_LOCAL_SIZE"))
    }
    if let rank = try variables.number("PMIX_RANK"), environment["PMIX_NAMESPACE"] != nil {
      return LauncherEnvironment(
        launcher: .pmix, rank: rank,
        size: try variables.number("SLURM_STEP_NUM_TASKS") ?? variables.number("SLURM_NTASKS"),
        localRank: try variables.number("SLURM_LOCALID"), localSize: nil)
    }
    if let rank = try variables.number("PMI_RANK") {
      return LauncherEnvironment(
        launcher: .hydra, rank: rank, size: try variables.number("PMI_SIZE"),
        localRank: try variables.number("MPI_LOCALRANKID"),
        localSize: try variables.number("MPI_LOCALNRANKS"))
    }
    if let rank = try variables.number("MV2_COMM_WORLD_RANK") {
      return LauncherEnvironment(
        launcher: .mvapich, rank: rank, size: try variables.number("MV2_COMM_WORLD_SIZE"),
        localRank: try variables.number("MV2_COMM_WORLD_LOCAL_RANK"),
        localSize: try variables.number("MV2_COMM_WORLD_LOCAL_SIZE"))
    }
    // The step's number decides where there is one: a job of many tasks may run a step of one.
    for name in ["SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"] {
      guard let tasks = try variables.number(name) else { continue }
      guard tasks > 1 else { break }
      throw CommunicationError(
        .launch,
        "\(name) is \(tasks), but there is no PMIX_RANK: launched by srun without --mpi=pmix, each "
          + "of the \(tasks) tasks would be a job of its own writing the same files; start with "
          + "'srun --mpi=pmix' or mpirun")
    }
    return nil
  }

  /// The group this process belongs to: MPI's under a launcher, else a group of one.
  ///
  /// - Parameters:
  ///   - timeout: how long a rank waits for another before it is an error.
  ///   - stallWarning: after how long a wait is reported on standard error; nil for never.
  public static func makeProcessGroup(
    timeout: Duration = .seconds(120), stallWarning: Duration? = .seconds(5)
  ) throws -> any ProcessGroup {
    guard let environment = try detect() else { return SingleProcessGroup() }
    #if MPI
      return try MPIGroup.start(environment, timeout: timeout, stallWarning: stallWarning)
    #else
      if environment.size == 1 { return SingleProcessGroup() }
      throw CommunicationError(
        .launch, rank: environment.rank,
        "started as a rank by \(environment.launcher), but built without MPI; "
          + "build with the package trait MPI, or start without a launcher")
    #endif
  }

  private struct Variables {
    private let environment: [String: String]
    init(_ environment: [String: String]) { self.environment = environment }

    func number(_ name: String) throws -> Int? {
      guard let text = environment[name], !text.isEmpty else { return nil }
      guard let value = Int(text), value >= 0 else {
        throw CommunicationError(.launch, "\(name) is '\(text)', not a number; check the launcher")
      }
      return value
    }
  }
}
