import SounderAutograd
import SounderComm
import SounderNN
import Testing

@testable import SounderParallel

/// Engines and data parallelism over parts of a job.
@Suite struct SubgroupEngineThreadTests {
  @Test("DA-09: pipelines side by side train as one process does, each on its own group")
  func pipelines() throws {
    let errors = try ThreadGroup.run(ranks: 4, timeout: .seconds(60)) { group in
      let (pipeline, replicas) = try group.pipelineGroups(stages: 2)
      let error = try PipelineRun().error(pipeline)
      // The same stage of all pipelines has the same weights, so their mean is what each has.
      var mean = [error]
      try mean.withUnsafeMutableBytes { try replicas.allReduce($0, .float64, .mean) }
      return [error, abs(mean[0] - error)]
    }
    #expect(errors.joined().allSatisfy { $0 < 1e-6 }, "\(errors)")
  }

  @Test(
    "DA-09: halves of a job train by themselves and leave the bits of one process",
    arguments: DataParallel.Update.allCases)
  func halves(update: DataParallel.Update) throws {
    var run = TrainingRun()
    run.update = update
    let reference = try run(SingleProcessGroup())
    let results = try ThreadGroup.run(ranks: 4, timeout: .seconds(60)) { [run] group in
      try group.split(color: group.rank % 2, key: 0).map { try run($0) }
    }
    #expect(results.allSatisfy { $0 == reference })
  }
}
