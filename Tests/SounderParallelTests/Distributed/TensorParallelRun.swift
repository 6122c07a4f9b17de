import SounderArray
import SounderAutograd
import SounderComm

@testable import SounderParallel

/// Two linear layers split over ranks, the first by outputs (columns), the second by inputs (rows).
struct TensorParallelRun {
  var mode = DistEngine.Mode.fast
  var steps = 3
  let rate = 0.05

  private static let inputs = 5
  private static let hidden = 24
  private static let outputs = 3

  /// The largest difference to one process, of the loss, this rank's weights and the input's gradient.
  func error(_ group: any ProcessGroup) throws -> Double {
    let engine = try DistEngine(group: group)
    let whole = try weights()
    let width = TensorParallelRun.hidden / group.size
    let first = try whole[0].detach().narrow(0, group.rank * width, width).clone().requiresGrad()
    let second = try whole[1].detach().narrow(1, group.rank * width, width).clone().requiresGrad()
    var worst = 0.0
    for step in 0..<steps {
      let input = try parameter([4, TensorParallelRun.inputs], seed: 11, step)
      let target = numbers([4, TensorParallelRun.outputs], seed: 12, step)
      let expected = input.linear(whole[0]).tanh().linear(whole[1]).mseLoss(target)
      try expected.backward()
      try engine.context { context in
        let x = try input.detach().requiresGrad()
        let same = try context.broadcast(x, root: 0)
        let output = try context.allReduce(same.linear(first).tanh().linear(second))
        let loss = output.mseLoss(target)
        // All ranks have the same loss; it counts once.
        try engine.backward(
          context, roots: context.rank == 0 ? [loss] : [], mode: mode, into: .leaves)
        worst = max(worst, abs(loss.item() - expected.item()))
        worst = max(worst, difference(x.grad, context.rank == 0 ? input.grad : nil))
      }
      try update(whole + [first, second])
      worst = max(
        worst, difference(first.detach(), whole[0].detach().narrow(0, group.rank * width, width)),
        difference(second.detach(), whole[1].detach().narrow(1, group.rank * width, width)))
    }
    return worst
  }

  private func weights() throws -> [Tensor] {
    [
      try parameter([TensorParallelRun.hidden, TensorParallelRun.inputs], seed: 13),
      try parameter([TensorParallelRun.outputs, TensorParallelRun.hidden], seed: 14),
    ]
  }

  private func update(_ weights: [Tensor]) throws {
    for weight in weights {
      guard let gradient = weight.grad else { continue }
      try noGrad { _ = try weight.sub_(gradient * rate) }
      try weight.setGrad(nil)
    }
  }
}
