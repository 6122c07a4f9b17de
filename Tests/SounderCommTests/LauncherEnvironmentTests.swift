import Testing

@testable import SounderComm

@Suite("The launcher's environment")
struct LauncherEnvironmentTests {
  @Test("Nothing in the environment means a process of its own")
  func alone() throws {
    #expect(try LauncherEnvironment.detect([:]) == nil)
    #expect(try LauncherEnvironment.detect(["SLURM_NTASKS": "1", "SLURM_PROCID": "0"]) == nil)
  }

  @Test("mpirun's variables come first")
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

  @Test("srun with PMIx is a launcher, srun without it is refused")
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

  @Test("A variable that is no number is refused by name")
  func malformed() {
    let error = #expect(throws: CommunicationError.self) {
      try LauncherEnvironment.detect(["OMPI_COMM_WORLD_RANK": "first"])
    }
    #expect(error?.message.contains("OMPI_COMM_WORLD_RANK is 'first'") == true)
  }
}
