import SounderArray
import SounderAutograd
import SounderComm
import SounderNN
import Testing

@testable import SounderComm
@testable import SounderParallel

@Suite("Sparse gradients of embedding tables")
struct SparseEmbeddingThreadTests {
  private static let count = 50
  private static let width = 5

  private final class Net: Module {
    let table: Embedding
    let last = Linear(SparseEmbeddingThreadTests.width, 3)
    init(sparse: Bool, paddingIndex: Int?) {
      table = Embedding(
        SparseEmbeddingThreadTests.count, SparseEmbeddingThreadTests.width,
        paddingIndex: paddingIndex, sparse: sparse)
    }
    override func forward(_ input: Tensor) -> Tensor { last(table(input).mean([1])) }
  }

  private struct Job: Sendable {
    var sparse = true
    var update = DataParallel.Update.sharded
    var optimizer = OptimizerConfiguration.sgd(learningRate: 0.5)
    var ranks = 1
    var hosts = 1
    var shards = 8
    var paddingIndex: Int?
    var policy = NonFinitePolicy.abort
    var clipNorm: Double?
    var badStep: Int?
    var steps = 5
  }

  private struct Result: Sendable, Equatable {
    var bits: [UInt32]
    var table: [[Float]]
    var skipped: [Bool]
    var norms: [Double]
  }

  /// Batches repeat few of the indices, so that shards and ranks touch the same rows; the last rows of the
  /// table are never touched.
  private func train(_ job: Job) throws -> [Result] {
    try ThreadGroup.run(ranks: job.ranks, hosts: job.hosts, timeout: .seconds(30)) { group in
      let model = Net(sparse: job.sparse, paddingIndex: job.paddingIndex)
      model.initialize(seed: 3)
      var options = DataParallel.Options()
      options.update = job.update
      options.virtualShards = job.shards
      options.onNaN = job.policy
      options.clipNorm = job.clipNorm
      let parallel = try DataParallel(
        model: model, optimizer: job.optimizer, group: group, options: options)
      var tables: [[Float]] = [model.table.weight.floats()]
      var skipped: [Bool] = []
      var norms: [Double] = []
      for step in 0..<job.steps {
        let size = [21, 5, 16, 3, 21][step % 5]
        var stream = RandomStream(seed: 7, stream: UInt64(step))
        let indices = Tensor((0..<size * 4).map { _ in stream.next(below: 11) }).reshape([size, 4])
        let targets = Tensor((0..<size).map { _ in stream.next(below: 3) })
        let outcome = try parallel.step(learningRate: 0.5, sampleCount: size) { shard in
          let range = parallel.plan.samples(of: shard, in: size)
          let part = indices.narrow(0, range.lowerBound, range.count)
          // The table is used twice in one pass.
          let outputs = model(part) + model(part.flip([1]).narrow(1, 0, 2))
          let loss = outputs.crossEntropy(targets.narrow(0, range.lowerBound, range.count))
          guard job.badStep == step, shard == 0 else { return loss }
          let rows = model.table(part)
          return loss + (rows - rows).abs().sqrt().sum()
        }
        skipped.append(outcome.isSkipped)
        norms.append(outcome.gradientNorm ?? 0)
        tables.append(model.table.weight.floats())
      }
      return Result(
        bits: TrainingRun.bits(model), table: tables, skipped: skipped, norms: norms)
    }
  }

  @Test(
    "DP-17: plain gradient descent gives the bits of a dense gradient, on any number of ranks and hosts",
    arguments: DataParallel.Update.allCases, [nil, 4])
  func dense(update: DataParallel.Update, paddingIndex: Int?) throws {
    var job = Job(sparse: false, update: update, paddingIndex: paddingIndex)
    let expected = try train(job)[0]
    job.sparse = true
    for (ranks, hosts) in [(1, 1), (2, 1), (3, 1), (4, 2), (8, 1)] {
      (job.ranks, job.hosts) = (ranks, hosts)
      for result in try train(job) {
        #expect(result.bits == expected.bits, "\(ranks) ranks on \(hosts) hosts")
      }
    }
  }

  @Test(
    "DP-17: momentum and Adam touch only the rows looked up, with the same bits on any number of ranks",
    arguments: [
      OptimizerConfiguration.sgd(learningRate: 0.5, momentum: 0.9, weightDecay: 0.1),
      OptimizerConfiguration(kind: .adamw, learningRate: 0.1, weightDecay: 0.1),
    ], DataParallel.Update.allCases)
  func lazy(optimizer: OptimizerConfiguration, update: DataParallel.Update) throws {
    var job = Job(update: update, optimizer: optimizer)
    let alone = try train(job)[0]
    for (before, after) in zip(alone.table, alone.table.dropFirst()) {
      let changed = Set(
        (0..<before.count).filter { before[$0] != after[$0] }.map { $0 / Self.width })
      #expect(changed.isSubset(of: 0..<11) && !changed.isEmpty)
    }
    for (ranks, hosts) in [(2, 1), (4, 2), (3, 1)] {
      (job.ranks, job.hosts) = (ranks, hosts)
      #expect(try train(job).allSatisfy { $0 == alone })
    }
  }

  @Test("FI-11: a bad row makes all ranks skip the step", arguments: [1, 3])
  func skipped(ranks: Int) throws {
    var job = Job(policy: .skip, badStep: 2)
    job.ranks = ranks
    for result in try train(job) {
      #expect(result.skipped == [false, false, true, false, false])
      #expect(result.table[3] == result.table[2] && result.table[4] != result.table[3])
    }
  }

  @Test("DP-17: bytes between ranks grow with the rows looked up, not with the table")
  func bytes() throws {
    func list(rows: Int) -> Int {
      var list = RowList(width: 64)
      for row in 0..<rows {
        list = list.adding(
          RowList(
            RowGradient(
              NDArray(Array(repeating: Float(1), count: 64), shape: [1, 64]),
              at: NDArray([Int64(row * 1_000_000)], shape: [1]))))
      }
      return list.words.count * 8
    }
    #expect(list(rows: 1) == 264)
    #expect(list(rows: 10) == 2640)
  }

  @Test("DP-17: lists survive the way to other ranks", arguments: [1, 4, 5])
  func words(width: Int) {
    let values = (0..<3 * width).map { Float($0) * -0.3 }
    let list = RowList(
      RowGradient(
        NDArray(values, shape: [3, width]), at: NDArray([7 as Int64, 2, 7], shape: [3])))
    #expect(list.indices == [2, 7])
    #expect(RowList(words: list.words[...], width: width) == list)
  }

  @Test(
    "DP-17: clipping counts rows in: the norm of a dense gradient, on any number of ranks and hosts",
    arguments: DataParallel.Update.allCases)
  func clipped(update: DataParallel.Update) throws {
    var job = Job(sparse: false, update: update, clipNorm: 0.2)
    let dense = try train(job)[0]
    job.sparse = true
    let alone = try train(job)[0]
    #expect(alone.norms.contains { $0 > 0.2 })
    for (norm, expected) in zip(alone.norms, dense.norms) {
      #expect(abs(norm - expected) < 1e-5 * expected)
    }
    for (row, expected) in zip(alone.table.joined(), dense.table.joined()) {
      #expect(abs(row - expected) < 1e-5)
    }
    for (ranks, hosts) in [(2, 1), (3, 1), (4, 2)] {
      (job.ranks, job.hosts) = (ranks, hosts)
      #expect(try train(job).allSatisfy { $0 == alone }, "\(ranks) ranks on \(hosts) hosts")
    }
  }

  @Test("DP-17: local steps average tables with the bits of dense gradients")
  func local() throws {
    func train(sparse: Bool) throws -> [[UInt32]] {
      try ThreadGroup.run(ranks: 3, timeout: .seconds(30)) { group in
        let model = Net(sparse: sparse, paddingIndex: nil)
        model.initialize(seed: 3)
        var options = DataParallel.Options()
        options.update = .replicated
        let local = try LocalSGD(
          model: model, optimizer: .sgd(learningRate: 0.5), group: group, options: options,
          schedule: .init(every: 2, after: 1))
        for step in 0..<5 {
          var stream = RandomStream(seed: 7, stream: UInt64(step))
          let indices = Tensor((0..<9 * 4).map { _ in stream.next(below: 11) }).reshape([9, 4])
          let targets = Tensor((0..<9).map { _ in stream.next(below: 3) })
          _ = try local.step(learningRate: 0.5, sampleCount: 9, stopRequested: false) { shard in
            let range = local.plan.samples(of: shard, in: 9)
            return model(indices.narrow(0, range.lowerBound, range.count))
              .crossEntropy(targets.narrow(0, range.lowerBound, range.count))
          }
        }
        try local.settle()
        return TrainingRun.bits(model)
      }
    }
    let dense = try train(sparse: false)
    #expect(try train(sparse: true) == dense && dense.allSatisfy { $0 == dense[0] })
  }

  @Test("DP-17: tied weights are refused by name, with the way out")
  func tied() {
    #expect {
      let model = Net(sparse: true, paddingIndex: nil)
      let parallel = try DataParallel(
        model: model, optimizer: .sgd(learningRate: 0.1), group: SingleProcessGroup())
      _ = try parallel.step(learningRate: 0.1, sampleCount: 1) { _ in
        model.table.weight.sum() + model(Tensor([1, 2]).reshape([1, 2])).sum()
      }
    } throws: {
      "\($0)".contains("'table.weight' has a sparse gradient but is also used")
        && "\($0)".contains("set sparse to false")
    }
  }

  @Test("DP-17 DP-27: state shared out over hosts is refused by name, with the way out")
  func sharedOut() throws {
    let said = try ThreadGroup.run(ranks: 2, hosts: 2, timeout: .seconds(30)) { group in
      var options = DataParallel.Options()
      options.shardState = .all
      do {
        _ = try DataParallel(
          model: Net(sparse: true, paddingIndex: nil), optimizer: .sgd(learningRate: 0.1),
          group: group, options: options)
        return ""
      } catch { return "\(error)" }
    }
    #expect(
      said.allSatisfy {
        $0.contains("parallel.shard_state all: the gradient of 'table.weight' is sparse")
          && $0.contains("set shard_state to host or sparse to false")
      })
  }

  @Test("DP-17: a table of float64 is refused by name, with the way out")
  func wide() {
    #expect {
      _ = try DataParallel(
        model: Embedding(4, 2, dtype: .float64, sparse: true), optimizer: .sgd(learningRate: 0.1),
        group: SingleProcessGroup())
    } throws: {
      "\($0)".contains("the gradient of 'weight' is sparse and float64")
        && "\($0)".contains("set sparse to false")
    }
  }
}
