import Foundation
import SounderComm
import Testing

@testable import SounderTrain

@Suite("Sizes for shared memory")
struct TuningThreadTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func cache(ranks: Int = 2) -> TuningCache {
    TuningCache(
      localRanks: ranks, kind: "threads", environment: ["XDG_CACHE_HOME": directory.path])
  }

  @Test(
    "DP-25: what one job measures is agreed by all ranks and used by the next", arguments: [2, 3])
  func measureOnce(ranks: Int) throws {
    let cache = cache(ranks: ranks)
    func decide() throws -> [(SharedMemoryTuning, TuningDecision.Source)] {
      try ThreadGroup.run(ranks: ranks) { group in
        let decision = try TuningDecision(ParallelSection(), group: group, cache: cache)
        return (decision.sizes, decision.source)
      }
    }
    let first = try decide()
    #expect(first.allSatisfy { $0.0 == first[0].0 && $0.1 == .measured })
    #expect(SharedMemoryTuning.bucketRange.contains(first[0].0.bucketBytes))
    #expect(SharedMemoryTuning.crossoverRange.contains(first[0].0.crossoverBytes))
    let second = try decide()
    #expect(second.allSatisfy { $0.0 == first[0].0 && $0.1 == .cached })
  }

  @Test("DP-25: configured sizes come first, and nothing is measured when both are given")
  func configured() throws {
    let cache = cache()
    var section = ParallelSection()
    section.bucketBytes = 4096
    let first = try ThreadGroup.run(ranks: 2) { [section] group in
      try TuningDecision(section, group: group, cache: cache).sizes.bucketBytes
    }
    #expect(first == [4096, 4096])
    section.crossoverBytes = 0
    let both = try ThreadGroup.run(ranks: 2) { [section] group in
      let decision = try TuningDecision(section, group: group, cache: cache)
      return decision.source == .configured && decision.sizes.crossoverBytes == 0
    }
    #expect(both == [true, true])
  }

  @Test(
    "DP-25: a damaged cache is no more than a note",
    arguments: ["", "{", "{\"fingerprint\": \"other\"}", "range"])
  func damaged(text: String) throws {
    let cache = cache()
    let path = try #require(cache.path)
    cache.write(SharedMemoryTuning(bucketBytes: 1, crossoverBytes: 1))
    if text != "range" { try text.write(toFile: path, atomically: true, encoding: .utf8) }
    let decisions = try ThreadGroup.run(ranks: 2) { group in
      let decision = try TuningDecision(ParallelSection(), group: group, cache: cache)
      return (decision.source, decision.note)
    }
    #expect(decisions.allSatisfy { $0.0 == .measured })
    #expect(decisions[0].1?.contains("damaged") == true)
    guard case .found = cache.read() else {
      Issue.record("the cache was not replaced")
      return
    }
  }

  @Test("Without a cache directory nothing is kept")
  func homeless() {
    let cache = TuningCache(localRanks: 2, kind: "threads", environment: [:])
    cache.write(.standard)
    #expect(cache.path == nil && cache.read() == .none)
  }

  @Test(
    "DP-25: a dry run tells the sizes a job would use, and leaves processes to measure their own")
  func planned() throws {
    let environment = ["XDG_CACHE_HOME": directory.path]
    func plan(_ placement: JobPlacement, _ section: ParallelSection = ParallelSection()) throws
      -> TuningDecision?
    {
      var configuration = Configuration()
      configuration.parallel = section
      return try TuningDecision.planned(configuration, at: placement, environment: environment)
    }
    #expect(try plan(.alone) == nil)
    var hogwild = ParallelSection()
    hogwild.mode = .hogwild
    #expect(try plan(.threads(2), hogwild) == nil)
    // Threads: as the job would, and kept for it.
    #expect(try plan(.threads(2))?.source == .measured)
    #expect(try plan(.threads(2))?.source == .cached)
    let processes = JobPlacement.processes(ranks: 4, hosts: 2)
    for _ in 0..<2 {
      let decision = try plan(processes)
      #expect(decision?.source == .measured)
      #expect(decision?.note?.contains("with threads") == true)
    }
    let known = SharedMemoryTuning(bucketBytes: 1 << 17, crossoverBytes: 4096)
    TuningCache(localRanks: 2, kind: "MPIGroup", environment: environment).write(known)
    #expect(try plan(processes)?.sizes == known)
    #expect(try plan(processes)?.source == .cached)
    // One rank a host has nothing to measure with.
    let single = try plan(.processes(ranks: 2, hosts: 2))
    #expect(single?.sizes == .standard)
    var fixed = ParallelSection()
    (fixed.bucketBytes, fixed.crossoverBytes) = (1 << 20, 1024)
    #expect(try plan(.threads(3), fixed)?.source == .configured)
  }
}
