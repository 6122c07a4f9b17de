import SounderArray
import SounderAutograd
import Testing

@testable import SounderNN

/// Small problems that a model solves only if every part works together.
@Suite("Training")
struct TrainingTests {
  enum Choice: CaseIterable {
    case sgd, nesterov, adam, adamW

    func optimizer(_ parameters: [Tensor]) -> Optimizer {
      switch self {
      case .sgd: SGD(parameters, learningRate: 0.5, momentum: 0.9)
      case .nesterov: SGD(parameters, learningRate: 0.3, momentum: 0.9, nesterov: true)
      case .adam: Adam(parameters, learningRate: 0.05)
      case .adamW: AdamW(parameters, learningRate: 0.05, weightDecay: 1e-3)
      }
    }
  }

  @Test("A perceptron learns exclusive or", arguments: Choice.allCases)
  func exclusiveOr(choice: Choice) throws {
    let inputs = Tensor([0, 0, 0, 1, 1, 0, 1, 1] as [Float], shape: [4, 2])
    let targets = Tensor([0, 1, 1, 0] as [Int])
    let model = MLP(2, hidden: [16], 2, activation: .tanh)
    model.initialize(seed: 1)
    let optimizer = choice.optimizer(model.parameters)
    for _ in 0..<300 {
      optimizer.zeroGrad()
      try crossEntropy(model(inputs), targets).backward()
      clipGradientNorm(model.parameters, maximum: 5)
      optimizer.step()
    }
    #expect(crossEntropy(model(inputs), targets).item() < 0.05)
    #expect(model(inputs).argmax(dim: 1).ints() == [0, 1, 1, 0])
  }

  @Test("A deep model with every kind of layer separates classes of points")
  func separable() throws {
    var stream = RandomStream(seed: 5, stream: 0)
    let targets = (0..<120).map { $0 % 3 }
    let noise = Tensor.randn([120, 2], from: &stream)
    let centres = Tensor(
      targets.flatMap { [[0, 3], [3, -2], [-3, -2]][$0] as [Float] }, shape: [120, 2])
    let inputs = (centres + noise * 0.5).detach()
    let labels = Tensor(targets)
    let model = MLP(2, hidden: [32, 16], 3, activation: .gelu, dropout: 0.1, layerNorm: true)
    model.initialize(seed: 2)
    let optimizer = AdamW(model.parameters, learningRate: 0.02)
    let schedule = LearningRateSchedule(
      .cosine(steps: 90, minimum: 1e-4), base: 0.02, warmupSteps: 10)
    for step in 0..<100 {
      try withRandomContext(RandomContext(seed: 3, step: UInt64(step))) {
        optimizer.learningRate = schedule.rate(at: step)
        optimizer.zeroGrad()
        try crossEntropy(model(inputs), labels).backward()
        optimizer.step()
      }
    }
    model.eval()
    let predictions = model(inputs).argmax(dim: 1).ints()
    let correct = zip(predictions, targets).filter { $0.0 == $0.1 }.count
    #expect(correct >= 118)
  }
}
