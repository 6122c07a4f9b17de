import SounderAutograd
import SounderComm
import SounderNN
import Testing

@testable import SounderParallel

/// What a profiler reads off real steps, whatever they take.
@Suite struct StepProfilerThreadTests {
  private func outcomes(
    ranks: Int, _ options: DataParallel.Options
  ) throws -> [StepProfiler.Outcome] {
    try ThreadGroup.run(ranks: ranks) { group in
      let model = MLP(64, hidden: [96, 32], 4)
      model.initialize(seed: 1)
      let parallel = try DataParallel(
        model: model, optimizer: OptimizerConfiguration(kind: .adam), group: group,
        options: options)
      let profiler = StepProfiler(parallel)
      let inputs = Tensor.ones([8, 64])
      for step in 0..<6 {
        if step == 2 { profiler.reset() }
        try profiler.step(sampleCount: 8 * parallel.plan.shards) { _ in model(inputs).sum() }
      }
      return profiler.outcome(loaderSeconds: 0.5)
    }
  }

  @Test(
    "Buckets hold all parameters, become ready in order, and slices cost time", arguments: 1...3)
  func profile(ranks: Int) throws {
    var options = DataParallel.Options()
    options.virtualShards = 2 * ranks
    options.bucketBytes = 4096
    for outcome in try outcomes(ranks: ranks, options) {
      let profile = outcome.profile
      #expect(profile.elementCount == 64 * 96 + 96 + 96 * 32 + 32 + 32 * 4 + 4)
      #expect(profile.bucketElements.count > 2)
      #expect(profile.readySeconds.count == profile.bucketElements.count)
      #expect(zip(profile.readySeconds, profile.readySeconds.dropFirst()).allSatisfy(<=))
      #expect(profile.readySeconds.allSatisfy { $0 > 0 && $0 <= profile.computeSeconds })
      #expect(outcome.sliceSeconds > 0)
      #expect(outcome.finishSeconds == 0)
      #expect(profile.loaderSeconds == 0.5)
    }
  }

  @Test("Updates that wait for the norm, and those of copies, are timed after the ranks' meeting")
  func lateUpdates() throws {
    var clipping = DataParallel.Options()
    clipping.clipNorm = 1
    var copies = DataParallel.Options()
    copies.update = .replicated
    for options in [clipping, copies] {
      #expect(try outcomes(ranks: 2, options).allSatisfy { $0.finishSeconds > 0 })
    }
  }
}
