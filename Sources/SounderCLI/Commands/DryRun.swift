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
    let plan = try JobPlan(resolved.configuration, data)
    // Printed first, so that it is there when this machine cannot take the steps.
    if !json { print(resolved.yaml(origins: true) + "\n" + plan.description, terminator: "") }
    let memory = try MemoryPlan(
      resolved.configuration, data, plan: plan, placement: placement, start: start, loaded: loaded)
    if json {
      print(JSONValue.object(["plan": .object(plan.json), "memory": .object(memory.json)]).compact)
    } else {
      print(memory.description, terminator: "")
    }
  }
}
