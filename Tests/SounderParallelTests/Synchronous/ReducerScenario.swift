import SounderArray
import SounderAutograd
import SounderComm
import SounderNN

@testable import SounderParallel

/// Two layers that graphs of several kinds are built of.
final class TwoLayers: Module {
  let first: Tensor
  let second: Tensor
  let sometimes: Tensor
  let unused: Tensor

  override init() {
    func values(_ shape: Shape, _ stream: UInt64) -> Tensor {
      var random = RandomStream(seed: 21, stream: stream)
      let tensor = Tensor.randn(shape, from: &random)
      _ = try? tensor.requiresGrad()
      return tensor
    }
    first = values([6, 40], 1)
    second = values([40, 40], 2)
    sometimes = values([40], 3)
    unused = values([7], 4)
    super.init()
  }
}

/// Programs whose gradients do not arrive one by one in the order of declaration.
enum ReducerScenario: String, CaseIterable, Sendable {
  /// A parameter that nobody uses, and one that some shards use in some steps.
  case unused
  /// A parameter that is used three times.
  case tied
  /// Both layers are computed again in the backward pass, which runs passes inside the pass.
  case recomputed
  /// A hook runs another backward pass over a parameter that is used elsewhere too.
  case reentrant
  /// The order of use changes after half of the steps.
  case changing
  /// Layers that are frozen at first, later not, then again.
  case frozen

  static let steps = 6
  static let shards = 8
  static let samples = 19

  /// The loss of a shard.
  func loss(_ model: TwoLayers, _ inputs: Tensor, step: Int, shard: Int) throws -> Tensor {
    switch self {
    case .unused:
      var hidden = inputs.matmul(model.first).tanh()
      if step % 2 == 0 && shard % 3 == 0 { hidden = hidden * model.sometimes }
      return hidden.matmul(model.second).square().mean()
    case .tied:
      let hidden = inputs.matmul(model.first).matmul(model.second).tanh().matmul(model.second)
      return hidden.matmul(model.first.transpose(0, 1)).square().mean()
        + (model.second * model.second).mean()
    case .recomputed:
      let hidden = Recomputation.apply(inputs) { $0.matmul(model.first).tanh() }
      return Recomputation.apply(hidden) { $0.matmul(model.second).tanh() }
        .matmul(model.second).square().mean()
    case .reentrant:
      let hidden = inputs.matmul(model.first).tanh()
      try hidden.registerHook { _ in
        try withGradient(enabled: true) {
          try (model.second * model.sometimes).square().mean().backward()
        }
        return nil
      }
      return hidden.matmul(model.second).square().mean()
    case .changing:
      if step < Self.steps / 2 {
        return (inputs.matmul(model.first) * model.sometimes).matmul(model.second).square().mean()
      }
      return inputs.matmul(model.first).matmul(model.second).tanh().mean()
        + model.unused.square().mean()
    case .frozen:
      return inputs.matmul(model.first).tanh().matmul(model.second).square().mean()
        + model.sometimes.square().mean()
    }
  }

  /// What happens to the model before a step.
  func prepare(_ model: TwoLayers, step: Int) throws {
    guard self == .frozen else { return }
    try model.first.requiresGrad(step >= 2)
    try model.sometimes.requiresGrad(step != 3)
  }

  static func inputs(_ step: Int) -> Tensor {
    var random = RandomStream(seed: 5, stream: UInt64(step))
    return Tensor.randn([samples, 6], from: &random)
  }

  /// What a run leaves.
  struct Result: Sendable, Equatable {
    var bits: [UInt32]
    var losses: [UInt64]
  }

  /// How a run is set up.
  struct Setting: Sendable {
    var update = DataParallel.Update.sharded
    var optimizer = OptimizerConfiguration.adamW(learningRate: 0.01)
    var clipNorm: Double?
    var bucketBytes = 1024
    var shards = ReducerScenario.shards
  }

  /// Serial training on whole batches with an optimiser of PyTorch's semantics.
  func runSerially(_ optimizer: OptimizerConfiguration) throws -> [UInt32] {
    let model = TwoLayers()
    let rule = Optimizer(model.parameters, optimizer)
    rule.learningRate = 0.01
    for step in 0..<Self.steps {
      try prepare(model, step: step)
      rule.zeroGrad()
      try loss(model, Self.inputs(step), step: step, shard: 0).backward()
      rule.step()
    }
    return TrainingRun.bits(model)
  }

  /// Runs on a group; `watch` sees the job after its first preparation.
  func run(
    on group: any ProcessGroup, _ setting: Setting = Setting(),
    watch: (DataParallel, TwoLayers) -> Void = { _, _ in }
  ) throws -> Result {
    let model = TwoLayers()
    // A module knows what its parameters are from the first time it is asked.
    require(model.parameters.count == 4, "TwoLayers has four parameters")
    try prepare(model, step: 0)
    var options = DataParallel.Options()
    options.update = setting.update
    options.virtualShards = setting.shards
    options.bucketBytes = setting.bucketBytes
    options.clipNorm = setting.clipNorm
    let parallel = try DataParallel(
      model: model, optimizer: setting.optimizer, group: group, options: options)
    watch(parallel, model)
    var losses: [UInt64] = []
    for step in 0..<Self.steps {
      try prepare(model, step: step)
      let inputs = Self.inputs(step)
      let outcome = try parallel.step(learningRate: 0.01, sampleCount: Self.samples) { shard in
        let rows = parallel.plan.samples(of: shard, in: Self.samples)
        return try loss(
          model, inputs.narrow(0, rows.lowerBound, rows.count), step: step, shard: shard)
      }
      losses.append(outcome.loss.bitPattern)
    }
    return Result(bits: TrainingRun.bits(model), losses: losses)
  }
}

/// A function whose operators are not kept but computed again by the backward pass.
final class Recomputation: Node {
  private let input: Tensor
  private let function: (Tensor) -> Tensor

  private init(_ input: Tensor, _ function: @escaping (Tensor) -> Tensor) {
    self.input = input
    self.function = function
    super.init(edgeCount: 1)
  }

  /// The function of an input, as a tensor that requires a gradient.
  static func apply(_ input: Tensor, _ function: @escaping (Tensor) -> Tensor) -> Tensor {
    let node = Recomputation(input, function)
    node.connect(0, input)
    let output = noGrad { function(input.detach()) }
    node.attach(output)
    return output
  }

  override func apply(_ pass: BackwardPass) throws {
    guard let gradient = pass.gradient(0) else { return }
    try withGradient(enabled: true) {
      let copy = try input.detach().requiresGrad()
      try function(copy).backward(gradient: gradient)
      pass.send(0, copy.grad)
    }
  }
}
