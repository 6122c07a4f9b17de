import Foundation
import SounderComm

extension TuningDecision {
  /// The sizes that ranks at a place would use: those of the configuration, of an earlier job, or measured now.
  ///
  /// What is measured for processes is measured with threads, and not kept: the first job will measure its own.
  /// - Parameter environment: names the cache's directory; see ``TuningCache``.
  /// - Returns: nil for a job that has nothing to decide.
  /// - Throws: ``CommunicationError``.
  package static func planned(
    _ configuration: Configuration, at placement: JobPlacement,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> TuningDecision? {
    guard placement.ranks > 1, configuration.parallel.mode == .sync else { return nil }
    let topology = placement.topology
    let isProcesses = if case .processes = placement { true } else { false }
    var cache = TuningCache(
      localRanks: topology.localSize, kind: isProcesses ? "MPIGroup" : "ThreadGroup",
      environment: environment)
    var ranks = topology.localSize
    var note: String?
    if isProcesses, cache.read().sizes == nil {
      cache.path = nil
      // Ranks that have no other on their host measure nothing, and nor does a single thread.
      let isMeasurable = (0..<topology.hostCount).allSatisfy {
        topology.ranks(onHost: $0).count > 1
      }
      if !isMeasurable { ranks = 1 }
      if isMeasurable { note = "with threads; the first job measures its processes" }
    }
    let decisions = try ThreadGroup.run(ranks: ranks) { [cache] group in
      try TuningDecision(configuration.parallel, group: group, cache: cache)
    }
    guard var decision = decisions.first else { return nil }
    if decision.source == .measured { decision.note = decision.note ?? note }
    return decision
  }
}

extension TuningCache.Entry {
  /// The sizes that were found.
  fileprivate var sizes: SharedMemoryTuning? {
    if case .found(let sizes) = self { sizes } else { nil }
  }
}
