import Foundation
import Sounder

/// Collects the facts and runs the checks of `sounder doctor`.
struct Doctor {
  private let machine = MachineFacts()
  private let environment = ProcessInfo.processInfo.environment

  /// The whole report.
  func report() -> DoctorReport {
    DoctorReport(
      topics: [
        ("system", system), ("program", program), ("blas", blas), ("ranks", ranks),
        ("space", space), ("environment", variables),
      ],
      checks: [
        cores, instructionSets, product, blasChoice, blasThreads, sharedMemory, launcher, runs,
      ])
  }

  // MARK: - Facts

  private var system: [DoctorReport.Fact] {
    [
      .init(name: "os", value: .string(machine.systemName)),
      .init(name: "kernel", value: .string(machine.kernel)),
      .init(name: "processor", value: .string(machine.processor)),
      .init(
        name: "instruction_sets", value: .array(machine.instructionSets.map(JSONValue.string)),
        text: machine.instructionSets.joined(separator: " ")),
      .init(name: "cores_online", value: .integer(machine.onlineCores)),
      .init(name: "cores_usable", value: .integer(machine.usableCores)),
      .init(
        name: "cores_granted", value: machine.grantedCores.map(JSONValue.number) ?? .null,
        text: machine.grantedCores.map { "\($0) by the control group" } ?? "no limit"),
      .init(
        name: "memory_bytes", value: .integer(machine.memoryBytes),
        text: "\(gibibytes(machine.memoryBytes)), \(gibibytes(machine.availableBytes)) available"),
    ]
  }

  private var program: [DoctorReport.Fact] {
    [
      .init(name: "version", value: .string(Version.number)),
      .init(name: "compiler", value: .string(Self.compiler)),
      .init(name: "build", value: .string(Self.isOptimized ? "release" : "debug")),
      .init(name: "kernels", value: .string(machine.kernelVariant)),
    ]
  }

  private var blas: [DoctorReport.Fact] {
    [
      .init(name: "library", value: .string(LoadedLibrary.openBLASConfiguration)),
      .init(name: "kernel", value: .string(BLAS.kernelName)),
      .init(
        name: "chosen_by",
        value: .string(coreType == nil ? "OpenBLAS" : "OPENBLAS_CORETYPE in the environment")),
      .init(name: "threads", value: .integer(BLAS.threadCount)),
    ]
  }

  private var ranks: [DoctorReport.Fact] {
    let environment = try? LauncherEnvironment.detect()
    var facts: [DoctorReport.Fact] = []
    #if MPI
      facts.append(.init(name: "mpi", value: .string(MPIGroup.libraryVersion)))
    #else
      facts.append(.init(name: "mpi", value: .null, text: "built without it"))
    #endif
    facts.append(
      .init(
        name: "launcher", value: environment.map { .string($0.launcher.rawValue) } ?? .null,
        text: environment.map { "\($0.launcher.rawValue), rank \($0.rank)" } ?? "none"))
    return facts
  }

  private var space: [DoctorReport.Fact] {
    let shared = MachineFacts.freeBytes("/dev/shm")
    let disk = MachineFacts.freeBytes(".")
    return [
      .init(
        name: "dev_shm_bytes", value: shared.map(JSONValue.integer) ?? .null,
        text: shared.map(gibibytes) ?? "absent"),
      .init(
        name: "disk_bytes", value: disk.map(JSONValue.integer) ?? .null,
        text: disk.map { "\(gibibytes($0)) in the current directory" } ?? "unknown"),
    ]
  }

  private var variables: [DoctorReport.Fact] {
    let prefixes = ["OPENBLAS_", "OMP_", "GOTO_", "OMPI_MCA_", "PMIX_", "SLURM_", "SOUNDER_"]
    return environment.filter { entry in prefixes.contains { entry.key.hasPrefix($0) } }
      .sorted { $0.key < $1.key }.map { .init(name: $0.key, value: .string($0.value)) }
  }

  // MARK: - Checks

  private var cores: DoctorReport.Check {
    let cores = machine.effectiveCores
    guard cores < machine.onlineCores else {
      return .init(name: "cores", outcome: .ok, message: "all \(cores) cores may be used")
    }
    return .init(
      name: "cores", outcome: .warning,
      message: "this process may use \(cores) of \(machine.onlineCores) cores; "
        + "start no more ranks than that, or lift the limit (taskset, cgroup, --bind-to none)")
  }

  private var instructionSets: DoctorReport.Check {
    let isFast = machine.kernelVariant != "baseline"
    return .init(
      name: "kernels", outcome: isFast ? .ok : .warning,
      message: isFast
        ? "the \(machine.kernelVariant) variant is in use"
        : "the baseline variant is in use: this processor has neither AVX2 nor AVX-512")
  }

  /// Multiplies two small matrices, which also proves that the library's kernel suits the processor.
  private var product: DoctorReport.Check {
    let a = NDArray([1, 2, 3, 4] as [Float], shape: [2, 2])
    let result = Kernels.mm(a, a).toArray(as: Float.self)
    let isRight = result == [7, 10, 15, 22]
    return .init(
      name: "product", outcome: isRight ? .ok : .error,
      message: isRight
        ? "matrices are multiplied correctly"
        : "a 2 × 2 product is wrong (\(result)); unset OPENBLAS_CORETYPE or reinstall OpenBLAS")
  }

  private var blasChoice: DoctorReport.Check {
    guard let coreType, machine.instructionSets.contains("avx512f") else {
      return .init(
        name: "blas kernel", outcome: .ok, message: "\(BLAS.kernelName) suits the processor")
    }
    return .init(
      name: "blas kernel", outcome: .warning,
      message: "OPENBLAS_CORETYPE=\(coreType) overrides the library's choice; unset it for full "
        + "speed, keep it to reproduce bits")
  }

  private var blasThreads: DoctorReport.Check {
    let threads = BLAS.threadCount
    return .init(
      name: "blas threads", outcome: threads == 1 ? .ok : .warning,
      message: threads == 1
        ? "one per rank" : "\(threads) per rank: ranks will compete for cores; one is faster")
  }

  /// Makes a region as ranks of a host do, which finds missing system calls and full memory.
  private var sharedMemory: DoctorReport.Check {
    let byteCount = 16 << 20
    do {
      let region = try SingleProcessGroup().makeSharedRegion(byteCount: byteCount)
      return .init(
        name: "shared memory", outcome: .ok,
        message: "\(region.byteCount >> 20) MiB could be reserved")
    } catch {
      return .init(
        name: "shared memory", outcome: .error,
        message: "16 MiB could not be reserved: \(error)")
    }
  }

  private var launcher: DoctorReport.Check {
    do {
      let launcher = try LauncherEnvironment.detect()
      return .init(
        name: "launcher", outcome: .ok,
        message: launcher.map { "started by \($0.launcher.rawValue)" } ?? "not under a launcher")
    } catch { return .init(name: "launcher", outcome: .error, message: "\(error)") }
  }

  private var runs: DoctorReport.Check {
    let isWritable = access(".", W_OK) == 0
    let free = MachineFacts.freeBytes(".") ?? 0
    let isRoomy = free > 100 << 20
    return .init(
      name: "disk", outcome: isWritable && isRoomy ? .ok : .warning,
      message: isWritable
        ? "\(gibibytes(free)) for runs in the current directory\(isRoomy ? "" : ": little")"
        : "the current directory is not writable; use --run-dir")
  }

  // MARK: - Words

  private var coreType: String? {
    environment["OPENBLAS_CORETYPE"].flatMap { $0.isEmpty ? nil : $0 }
  }

  private func gibibytes(_ count: Int) -> String {
    String(format: "%.1f GiB", Double(count) / Double(1 << 30))
  }

  private static var compiler: String {
    #if compiler(>=6.4)
      "Swift 6.4 or later"
    #elseif compiler(>=6.3)
      "Swift 6.3"
    #else
      "Swift 6.2"
    #endif
  }

  private static var isOptimized: Bool {
    var isOptimized = true
    assert(
      {
        isOptimized = false
        return true
      }())
    return isOptimized
  }
}
