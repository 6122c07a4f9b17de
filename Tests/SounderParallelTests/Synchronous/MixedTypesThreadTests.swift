import SounderArray
import SounderAutograd
import SounderComm
import SounderNN
import Testing

@testable import SounderParallel

@Suite("Parameters of several types")
struct MixedTypesThreadTests {
  /// A small model whose middle is computed in double precision.
  private final class Net: Module {
    let first = Linear(6, 33)
    let middle = Linear(33, 1031, dtype: .float64)
    let norm = BatchNorm1d(1031, dtype: .float64)
    let last = Linear(1031, 3)
    override func forward(_ input: Tensor) -> Tensor {
      let wide = norm(middle(first(input).tanh().toDtype(.float64))).tanh()
      return last(wide.toDtype(.float32))
    }
  }

  private struct Job: Sendable {
    var ranks = 1
    /// The host of every rank, if there are several.
    var hostOfRank: [Int]?
    var shardState = DataParallel.ShardState.host
    var compression = Compression.none
    var shards = 8
    var update = DataParallel.Update.sharded
    var optimizer = OptimizerConfiguration(kind: .adamw, learningRate: 0.01, weightDecay: 0.1)
    var clipNorm: Double?
    var bucketBytes = 4096
  }

  private struct Result: Sendable, Equatable {
    /// The bits of parameters, buffers and, in the replicated form, gradients.
    var bits: [UInt64]
    var norms: [Double]
  }

  private static func bits(_ tensors: [Tensor?]) -> [UInt64] {
    tensors.flatMap {
      $0?.array.cast(to: .float64).toArray(as: Double.self).map(\.bitPattern) ?? []
    }
  }

  private func train(_ job: Job) throws -> [Result] {
    let hosts = job.hostOfRank ?? Array(repeating: 0, count: job.ranks)
    return try ThreadGroup.run(hostOfRank: hosts, timeout: .seconds(30)) { group in
      let model = Net()
      model.initialize(seed: 5)
      var options = DataParallel.Options()
      options.update = job.update
      options.shardState = job.shardState
      options.compression = job.compression
      options.virtualShards = job.shards
      options.clipNorm = job.clipNorm
      options.bucketBytes = job.bucketBytes
      let parallel = try DataParallel(
        model: model, optimizer: job.optimizer, group: group, options: options)
      var norms: [Double] = []
      for step in 0..<3 {
        var stream = RandomStream(seed: 6, stream: UInt64(step))
        let x = Tensor.randn([19, 6], from: &stream)
        let y = Tensor((0..<19).map { _ in stream.next(below: 3) })
        let outcome = try parallel.step(learningRate: 0.01, sampleCount: 19) { shard in
          let range = parallel.plan.samples(of: shard, in: 19)
          return model(x.narrow(0, range.lowerBound, range.count))
            .crossEntropy(y.narrow(0, range.lowerBound, range.count))
        }
        norms.append(outcome.gradientNorm ?? 0)
      }
      let gradients = job.update == .replicated ? model.parameters.map(\.grad) : []
      return Result(
        bits: Self.bits(
          (model.namedParameters + model.namedBuffers).map(\.tensor) + gradients),
        norms: norms)
    }
  }

  @Test(
    "float32 and float64 in one model: the same bits on any number of ranks, in both forms",
    arguments: DataParallel.Update.allCases, [nil, 0.05])
  func bits(update: DataParallel.Update, clipNorm: Double?) throws {
    var job = Job(update: update, clipNorm: clipNorm)
    let alone = try train(job)[0]
    for ranks in [2, 3, 4, 8] {
      job.ranks = ranks
      #expect(try train(job).allSatisfy { $0 == alone }, "\(ranks) ranks")
    }
    job.bucketBytes = 1 << 20
    #expect(try train(job).allSatisfy { $0 == alone })
  }

  @Test(
    "DP-27: float32 and float64 in one model: the same bits on any number of hosts, in all forms",
    arguments: [[0, 1], [0, 0, 1], [0, 1, 1, 2]], [nil, 0.05])
  func hosts(hostOfRank: [Int], clipNorm: Double?) throws {
    for update in DataParallel.Update.allCases {
      var job = Job(update: update, clipNorm: clipNorm)
      let alone = try train(job)[0]
      job.hostOfRank = hostOfRank
      #expect(try train(job).allSatisfy { $0 == alone }, "\(update)")
      if update == .sharded {
        job.shardState = .all
        #expect(try train(job).allSatisfy { $0 == alone }, "shared out")
      }
    }
  }

  @Test(
    "float64 is not compressed, and refused by name",
    arguments: [Compression.bf16, .powerSGD(PowerSGD.Options())])
  func compressed(compression: Compression) {
    #expect {
      _ = try train(Job(hostOfRank: [0, 1], compression: compression))
    } throws: {
      "\($0)".contains("parallel.compression: parameter 'middle.weight' is float64")
        && "\($0)".contains("set compression to none")
    }
  }

  @Test("DP-22: local steps average float64 in double precision")
  func local() throws {
    let results = try ThreadGroup.run(ranks: 3, timeout: .seconds(30)) { group in
      let model = Net()
      model.initialize(seed: 5)
      var options = DataParallel.Options()
      options.update = .replicated
      let local = try LocalSGD(
        model: model, optimizer: .sgd(learningRate: 0.1), group: group, options: options,
        schedule: .init(every: 2))
      var own: [Double] = []
      for step in 0..<2 {
        var stream = RandomStream(seed: 6, stream: UInt64(step))
        let x = Tensor.randn([18, 6], from: &stream)
        _ = try local.step(learningRate: 0.1, sampleCount: 18, stopRequested: false) { shard in
          let range = local.plan.samples(of: shard, in: 18)
          return model(x.narrow(0, range.lowerBound, range.count)).square().mean()
        }
        if step == 0 { own = model.middle.weight.array.toArray(as: Double.self) }
      }
      return [own, model.middle.weight.array.toArray(as: Double.self)]
    }
    // Apart after one step, together after two.
    #expect(results[0][0] != results[1][0])
    #expect(results.allSatisfy { $0[1] == results[0][1] })
    #expect(results[0][1].contains { $0 != Double(Float($0)) })
  }

  @Test("Both forms leave the same parameters")
  func forms() throws {
    let sharded = try train(Job(ranks: 2))[0].bits
    let replicated = try train(Job(ranks: 2, update: .replicated))[0].bits
    #expect(sharded == Array(replicated.prefix(sharded.count)))
  }

  @Test("float64 keeps its precision: one rank and one shard equal plain training to 1e-13")
  func precision() throws {
    let parallel = try train(Job(shards: 1, optimizer: .sgd(learningRate: 0.01)))[0].bits
    let model = Net()
    model.initialize(seed: 5)
    for step in 0..<3 {
      var stream = RandomStream(seed: 6, stream: UInt64(step))
      let x = Tensor.randn([19, 6], from: &stream)
      let y = Tensor((0..<19).map { _ in stream.next(below: 3) })
      model.zeroGrad()
      try model(x).crossEntropy(y).backward()
      for parameter in model.parameters {
        guard let gradient = parameter.grad else { continue }
        parameter.array.copy(
          from: (Tensor(parameter.array) - gradient * 0.01).array.cast(to: parameter.dtype))
        parameter.incrementVersion()
      }
    }
    let plain = Self.bits((model.namedParameters + model.namedBuffers).map(\.tensor))
    let distances = zip(parallel, plain).map {
      abs(Double(bitPattern: $0) - Double(bitPattern: $1))
    }
    // The float32 parts round differently where a product is fused with a sum.
    #expect(distances.allSatisfy { $0 < 1e-6 })
  }

  @Test("FI-11: a bad gradient of float64 is named", arguments: [NonFinitePolicy.abort, .skip])
  func notFinite(policy: NonFinitePolicy) throws {
    let said = try ThreadGroup.run(ranks: 2, timeout: .seconds(30)) { group in
      let model = Linear(4, 3, dtype: .float64)
      model.initialize(seed: 1)
      var options = DataParallel.Options()
      options.onNaN = policy
      let parallel = try DataParallel(
        model: model, optimizer: .sgd(learningRate: 0.1), group: group, options: options)
      do {
        let outcome = try parallel.step(learningRate: 0.1, sampleCount: 2) { shard in
          let loss = model(.ones([1, 4], dtype: .float64)).sum()
          let weight = model.weight
          return shard == 1 ? loss + (weight - weight).abs().sqrt().sum() : loss
        }
        return outcome.skipReason ?? ""
      } catch {
        group.fail(ParallelError("\(error)"))
        return "\(error)"
      }
    }
    #expect(
      said.allSatisfy { $0.contains("the gradient of 'weight' of step 1 is nan on rank 1") })
  }

  @Test("float16 and bfloat16 are refused by name", arguments: [DType.float16, .bfloat16])
  func halves(dtype: DType) {
    final class Half: Module {
      let scale: Tensor
      init(_ dtype: DType) { scale = .parameter(Kernels.ones([3], dtype)) }
    }
    #expect {
      _ = try DataParallel(
        model: Half(dtype), optimizer: .sgd(learningRate: 0.1), group: SingleProcessGroup())
    } throws: { "\($0)".contains("parameter 'scale' is \(dtype), only float32 and float64") }
  }
}
