import ArgumentParser
import Sounder

/// The reference networks of the benchmarks: a perceptron and its batch.
enum ReferenceCase: String, CaseIterable, ExpressibleByArgument {
  /// 784-128-128-10, batch 64.
  case mlpSmall = "mlp_small"
  /// 784-1024-1024-10, batch 128.
  case mlpLarge = "mlp_large"

  var hidden: [Int] { self == .mlpSmall ? [128, 128] : [1024, 1024] }
  var batch: Int { self == .mlpSmall ? 64 : 128 }

  /// The network, with the same initial values on every rank.
  func makeModel() -> Module { MLP(784, hidden: hidden, 10) }

  /// A fixed random batch of one rank.
  func makeBatch(rank: Int) -> (inputs: Tensor, targets: Tensor) {
    var stream = RandomStream(seed: 1, stream: UInt64(rank))
    let inputs = Tensor.randn([batch, 784], from: &stream)
    let targets = Tensor((0..<batch).map { _ in stream.next(below: 10) })
    return (inputs, targets)
  }
}
