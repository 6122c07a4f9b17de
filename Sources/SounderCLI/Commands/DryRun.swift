import Sounder

/// What `sounder train --dry-run` does: everything is read and planned, and nothing is written.
struct DryRun {
  let resolved: ResolvedConfiguration
  let placement: JobPlacement
  let json: Bool

  /// Prints the plan; of several ranks that a launcher started, the first does.
  func run() throws {
    let start = ProcessMemory.current
    guard try LauncherEnvironment.detect().map({ $0.rank == 0 }) ?? true else { return }
    let data = try DatasetSplits.load(resolved.configuration)
    let loaded = ProcessMemory.current
    var configuration = resolved.configuration
    let plan = try JobPlan(configuration, data)
    let tuning = try TuningDecision.planned(configuration, at: placement)
    configuration.parallel.bucketBytes =
      tuning?.sizes.bucketBytes ?? configuration.parallel.bucketBytes
    // Printed first, so that it is there when this machine cannot take the steps.
    if !json {
      print(resolved.yaml(origins: true) + "\n" + plan.description, terminator: "")
      if let tuning { print("sizes       \(tuning)") }
    }
    let memory = try MemoryPlan(
      configuration, data, plan: plan, placement: placement, start: start, loaded: loaded)
    if json {
      print(
        JSONValue.object([
          "plan": .object(plan.json), "memory": .object(memory.json),
          "sizes": tuning.map { .object($0.json) } ?? .null,
        ]).compact)
    } else {
      print(memory.description, terminator: "")
    }
  }
}
