import ArgumentParser
import Sounder

/// The reference networks of the benchmarks with their batches and optimisers.
enum ReferenceCase: String, CaseIterable, ExpressibleByArgument {
  /// 784-128-128-10, batch 64.
  case mlpSmall = "mlp_small"
  /// 784-1024-1024-10, batch 128.
  case mlpLarge = "mlp_large"

  /// Two convolutions, a max-pooling and a perceptron on 28 × 28 images, batch 64.
  case cnn
  /// A GPT of 4 layers, 4 heads and 128 numbers on 12 blocks of 64 out of 65 tokens.
  case gpt
  /// 784-9600-9600-10, which has 99.8 million parameters, with Adam on 8 samples: to measure memory.
  case mlp100M = "mlp_100m"

  /// The samples of a step of one rank; a block of tokens is one sample.
  var batch: Int {
    switch self {
    case .mlpSmall, .cnn: 64
    case .mlpLarge: 128
    case .gpt: 12
    case .mlp100M: 8
    }
  }

  private static let (length, vocabulary) = (64, 65)

  /// The optimiser with its rate.
  var optimizer: OptimizerConfiguration {
    switch self {
    case .gpt: .adamW(learningRate: 1e-3, beta2: 0.99, weightDecay: 0.1, decayScope: .matrices)
    case .mlp100M: .adam(learningRate: 1e-3)
    default: .sgd(learningRate: 0.01, momentum: 0.9)
    }
  }

  /// The network, with the same initial values on every rank.
  func makeModel() -> Module {
    switch self {
    case .mlpSmall: MLP(784, hidden: [128, 128], 10)
    case .mlpLarge: MLP(784, hidden: [1024, 1024], 10)
    case .mlp100M: MLP(784, hidden: [9600, 9600], 10)
    case .cnn: CNN([1, 28, 28], channels: [32, 64], hidden: [128], 10)
    case .gpt:
      GPT(vocabulary: Self.vocabulary, length: Self.length, width: 128, depth: 4, heads: 4)
    }
  }

  /// The mean loss on a batch.
  func loss(_ model: Module, _ inputs: Tensor, _ targets: Tensor) -> Tensor {
    let outputs = model(inputs)
    guard self == .gpt else { return outputs.crossEntropy(targets) }
    return outputs.reshape([targets.count, Self.vocabulary]).crossEntropy(targets)
  }

  /// A fixed random batch of one rank.
  func makeBatch(rank: Int) -> (inputs: Tensor, targets: Tensor) {
    var stream = RandomStream(seed: 1, stream: UInt64(rank))
    guard self == .gpt else {
      let inputs = Tensor.randn(self == .cnn ? [batch, 1, 28, 28] : [batch, 784], from: &stream)
      return (inputs, Tensor((0..<batch).map { _ in stream.next(below: 10) }))
    }
    func tokens() -> [Int] {
      (0..<batch * Self.length).map { _ in stream.next(below: Self.vocabulary) }
    }
    return (Tensor(tokens(), shape: [batch, Self.length]), Tensor(tokens()))
  }
}
