import SounderArray
import SounderAutograd
import SounderComm

@testable import SounderParallel

/// A differentiable collective and the same among tensors of one process.
enum CollectiveCase: String, CaseIterable, Sendable {
  case allReduce, allReduceMean, allGather, reduceScatter, reduceScatterMean, broadcast, allToAll

  func callAsFunction(_ context: AutogradContext, _ x: Tensor) throws -> Tensor {
    switch self {
    case .allReduce: try context.allReduce(x)
    case .allReduceMean: try context.allReduce(x, .mean)
    case .allGather: try context.allGather(x)
    case .reduceScatter: try context.reduceScatter(x)
    case .reduceScatterMean: try context.reduceScatter(x, .mean)
    case .broadcast: try context.broadcast(x, root: context.size - 1)
    case .allToAll: try context.allToAll(x)
    }
  }

  /// What `rank` gets of the operands of all ranks.
  func reference(_ xs: [Tensor], rank: Int) -> Tensor {
    let width = xs[0].shape[0] / xs.count
    let sum = xs.dropFirst().reduce(xs[0]) { $0 + $1 }
    switch self {
    case .allReduce: return sum
    case .allReduceMean: return sum / Double(xs.count)
    case .allGather: return Tensor.cat(xs)
    case .reduceScatter: return sum.narrow(0, rank * width, width)
    case .reduceScatterMean: return sum.narrow(0, rank * width, width) / Double(xs.count)
    case .broadcast: return xs[xs.count - 1] * 1
    case .allToAll: return Tensor.cat(xs.map { $0.narrow(0, rank * width, width) })
    }
  }

  /// The largest error of the values and gradients on this rank.
  func error(_ engine: DistEngine, _ mode: DistEngine.Mode, width: Int) throws -> Double {
    try engine.context { context in
      let shape: Shape = [context.size * 2, width]
      let xs = try (0..<context.size).map { try parameter(shape, seed: 1, $0) }
      let weighted = { (y: Tensor, rank: Int) in
        (numbers(y.shape, seed: 2, rank) * y * y).sum()
      }
      let ys = xs.indices.map { reference(xs, rank: $0) }
      let loss = ys.indices.map { weighted(ys[$0], $0) }.reduce(Tensor(scalar: 0, .float64)) {
        $0 + $1
      }
      let expected = try gradients(of: [loss], withRespectTo: xs, allowUnused: true)
      let rank = context.rank
      let x = try xs[rank].detach().requiresGrad()
      let y = try self(context, x)
      try engine.backward(context, roots: [weighted(y, rank)], mode: mode)
      return max(
        difference(y.detach(), ys[rank].detach()), difference(context.gradients[x], expected[rank]))
    }
  }
}
