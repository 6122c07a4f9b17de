import Testing

@testable import SounderComm

@Suite("The launcher's environment")
struct LauncherEnvironmentTests {
  @Test("DA-22: nothing in the environment means a process of its own")
  func alone() throws {
    #expect(try LauncherEnvironment.detect([:]) == nil)
    #expect(try LauncherEnvironment.detect(["SLURM_NTASKS": "1", "SLURM_PROCID": "0"]) == nil)
  }

  @Test("DA-22: mpirun's variables come first")
  func openMPI() throws {
    let found = try LauncherEnvironment.detect([
      "OMPI_COMM_WORLD_RANK": "2", "OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_LOCAL_RANK": "0",
      "OMPI_COMM_WORLD_LOCAL_SIZE": "2", "PMIX_RANK": "7", "PMIX_NAMESPACE": "x",
      "SLURM_NTASKS": "8",
    ])
    #expect(found?.launcher == .openMPI)
    #expect(found?.rank == 2)
    #expect(found?.size == 4)
    #expect(found?.localRank == 0)
    #expect(found?.localSize == 2)
  }

  @Test("DA-22: srun with PMIx is a launcher, srun without it is refused")
  func slurm() throws {
    let tasks = ["SLURM_NTASKS": "4", "SLURM_PROCID": "1", "SLURM_LOCALID": "1"]
    let pmix = tasks.merging(["PMIX_RANK": "1", "PMIX_NAMESPACE": "slurm.1"]) { $1 }
    #expect(try LauncherEnvironment.detect(pmix)?.launcher == .pmix)
    #expect(try LauncherEnvironment.detect(pmix)?.size == 4)
    let error = #expect(throws: CommunicationError.self) {
      try LauncherEnvironment.detect(tasks)
    }
    #expect(error?.kind == .launch)
    #expect(error?.message.contains("srun --mpi=pmix") == true)
  }

  @Test("DA-22: a variable that is no number is refused by name")
  func malformed() {
    let error = #expect(throws: CommunicationError.self) {
      try LauncherEnvironment.detect(["OMPI_COMM_WORLD_RANK": "first"])
    }
    #expect(error?.message.contains("OMPI_COMM_WORLD_RANK is 'first'") == true)
  }

  @Test(
    "DA-22: every launcher is known by its variables",
    arguments: [
      (
        ["OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "3"],
        LauncherEnvironment.Launcher.openMPI
      ),
      (["PMIX_RANK": "1", "PMIX_NAMESPACE": "x", "SLURM_STEP_NUM_TASKS": "3"], .pmix),
      (["PMI_RANK": "1", "PMI_SIZE": "3"], .hydra),
      (["MV2_COMM_WORLD_RANK": "1", "MV2_COMM_WORLD_SIZE": "3"], .mvapich),
    ])
  func launchers(_ variables: [String: String], _ launcher: LauncherEnvironment.Launcher) throws {
    let found = try #require(try LauncherEnvironment.detect(variables))
    #expect(found.launcher == launcher)
    #expect(found.rank == 1)
    #expect(found.size == 3)
  }

  @Test(
    "DA-22: several Slurm tasks without PMIx are refused, a step of one task is not",
    arguments: [
      (["SLURM_NTASKS": "4"], true), (["SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "2"], true),
      (["SLURM_STEP_NUM_TASKS": "1", "SLURM_NTASKS": "4"], false), (["SLURM_NTASKS": "1"], false),
      // A number without its name space is what other programs leave behind.
      (["SLURM_NTASKS": "4", "PMIX_RANK": "1"], true),
    ])
  func tasks(_ variables: [String: String], isRefused: Bool) {
    let result = Result { try LauncherEnvironment.detect(variables) }
    switch result {
    case .success: #expect(!isRefused)
    case .failure(let error):
      #expect(isRefused && (error as? CommunicationError)?.kind == .launch, "\(error)")
    }
  }

  @Test("DA-22: a rank beyond the size is refused")
  func contradiction() {
    let error = #expect(throws: CommunicationError.self) {
      try LauncherEnvironment.detect(["OMPI_COMM_WORLD_RANK": "4", "OMPI_COMM_WORLD_SIZE": "4"])
    }
    #expect(error?.kind == .launch)
    #expect(error?.message.contains("rank 4 of 4") == true)
  }

  #if MPI
    @Test(
      "DA-22: the launcher of another MPI is refused before MPI starts",
      arguments: [
        (["PMI_RANK": "1", "PMI_SIZE": "3"], true), (["PMI_RANK": "0"], true),
        (["MV2_COMM_WORLD_RANK": "0", "MV2_COMM_WORLD_SIZE": "2"], true),
        (["PMI_RANK": "0", "PMI_SIZE": "1"], false),
        (["OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "2"], false),
      ])
    func otherMPI(_ variables: [String: String], isRefused: Bool) throws {
      let environment = try #require(try LauncherEnvironment.detect(variables))
      do {
        try MPIGroup.requireOwnLauncher(environment)
        #expect(!isRefused)
      } catch let error as CommunicationError {
        #expect(isRefused && error.kind == .launch)
        #expect(error.message.contains("use") && error.message.contains("Open MPI"))
      }
    }
  #endif
}
