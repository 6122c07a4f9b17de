import SounderArray
import SounderAutograd
import SounderComm
import SounderNN
import Testing

@testable import SounderParallel

@Suite("Gradients of weights formed for all shards of a rank together")
struct ShardProductsThreadTests {
  /// What a shard does to make a weight's gradient something other than one product.
  enum Use: String, CaseIterable, Sendable {
    case always
    /// Some shards of some steps don't use the layer.
    case sometimes
    /// Some shards use the weight twice.
    case twice
    /// Some shards run another pass over the weight, before or after its gradient is there.
    case inside
    case before
  }

  /// Two linear layers of large enough weights; the second is used in several ways.
  private final class Layers: Module {
    let first = Linear(20, 280)
    let second = Linear(280, 280)
    let last = Linear(280, 3)

    func loss(_ inputs: Tensor, _ use: Use, step: Int, shard: Int) throws -> Tensor {
      let isOther = (step + shard) % 3 == 1
      var hidden = first(inputs).tanh()
      if use == .before, isOther { try second(hidden.detach()).square().mean().backward() }
      if use == .inside, isOther {
        try hidden.registerHook { [second, copy = hidden.detach()] _ in
          try withGradient(enabled: true) { try second(copy).square().mean().backward() }
          return nil
        }
      }
      if use != .sometimes || !isOther { hidden = second(hidden).tanh() }
      if use == .twice, isOther { hidden = second(hidden).tanh() }
      return last(hidden).square().mean()
    }
  }

  /// A run of some steps, of which the last has fewer samples than shards.
  private struct Run {
    var use = Use.always
    /// Of 112 samples the factors of all shards are kept, of 176 only those of the first shards where one rank
    /// has them all.
    var samples = 112
    var update = DataParallel.Update.sharded
    var clipNorm: Double?
    /// Whether a hook on every weight wants to see the gradient of each shard.
    var isWatched = false

    /// A hash of the bits of every parameter at the end.
    func callAsFunction(_ group: any ProcessGroup) throws -> [Int] {
      let model = Layers()
      model.initialize(seed: 5)
      if isWatched {
        for weight in model.parameters { try weight.registerPostAccumulateGradHook { _ in } }
      }
      var options = DataParallel.Options()
      options.update = update
      options.virtualShards = 8
      options.bucketBytes = 50_000
      options.clipNorm = clipNorm
      let parallel = try DataParallel(
        model: model, optimizer: .sgd(learningRate: 0.1, momentum: 0.9), group: group,
        options: options)
      for step in 0..<3 {
        let count = step == 2 ? 5 : samples
        var random = RandomStream(seed: 8, stream: UInt64(step))
        let inputs = Tensor.randn([count, 20], from: &random)
        _ = try parallel.step(learningRate: 0.1, sampleCount: count) { shard in
          let rows = parallel.plan.samples(of: shard, in: count)
          return try model.loss(
            inputs.narrow(0, rows.lowerBound, rows.count), use, step: step, shard: shard)
        }
      }
      return model.parameters.map { parameter in
        var hasher = Hasher()
        let values = parameter.array.contiguous()
        hasher.combine(
          bytes: UnsafeRawBufferPointer(start: values.pointer, count: values.count * 4))
        return hasher.finalize()
      }
    }
  }

  @Test("Ranks, hosts and the way gradients are formed don't change a bit", arguments: Use.allCases)
  func exact(use: Use) throws {
    for (samples, groups) in [
      (112, [[0, 0, 0], Array(repeating: 0, count: 8)]), (176, [[0, 0], [0, 1, 1]]),
    ] {
      var run = Run(use: use, samples: samples)
      run.isWatched = true
      let reference = try run(SingleProcessGroup())
      run.isWatched = false
      #expect(try run(SingleProcessGroup()) == reference, "one rank, \(samples) samples")
      for hosts in groups {
        run.update = hosts.last == 1 ? .replicated : .sharded
        let results = try ThreadGroup.run(hostOfRank: hosts, timeout: .seconds(60)) {
          [run] in try run($0)
        }
        #expect(results.allSatisfy { $0 == reference }, "\(hosts), \(samples) samples")
      }
    }
  }

  @Test("Clipping sees the whole gradient")
  func clipped() throws {
    var run = Run(clipNorm: 0.05)
    run.isWatched = true
    let reference = try run(SingleProcessGroup())
    run.isWatched = false
    let results = try ThreadGroup.run(ranks: 3, timeout: .seconds(60)) { [run] in try run($0) }
    #expect(results.allSatisfy { $0 == reference })
  }

  @Test("A gradient that is not formed yet is not to be seen")
  func hidden() throws {
    let model = Layers()
    var options = DataParallel.Options()
    options.update = .replicated
    options.virtualShards = 2
    let parallel = try DataParallel(
      model: model, optimizer: .sgd(learningRate: 0.1), group: SingleProcessGroup(),
      options: options)
    for shard in 0..<2 {
      let loss = try model.loss(Tensor.ones([16, 20]), .always, step: 0, shard: 0)
      try parallel.backward(loss, sync: shard == 1)
      if shard == 0 {
        let grad = model.second.weight.grad
        #expect(grad == nil || grad?.floats().allSatisfy(\.isFinite) == true)
      }
    }
    let both = try #require(model.second.weight.grad).floats()
    let alone = Layers()
    alone.load(model)
    try alone.loss(Tensor.ones([16, 20]), .always, step: 0, shard: 0).backward()
    #expect(both == (alone.second.weight.grad?.floats() ?? []))
  }
}

extension Module {
  /// Takes over the values of another module's parameters.
  fileprivate func load(_ other: Module) {
    for (own, theirs) in zip(parameters, other.parameters) {
      own.array.copy(from: theirs.array)
    }
  }
}
