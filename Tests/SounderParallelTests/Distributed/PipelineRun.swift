import SounderArray
import SounderAutograd
import SounderComm

@testable import SounderParallel

/// A chain of layers, one on each rank, trained with micro-batches.
struct PipelineRun {
  var mode = DistEngine.Mode.fast
  var microBatches = 4
  var steps = 3
  let rate = 0.1

  /// The largest difference to one process, of the losses (on the last rank) and this rank's weights.
  func error(_ group: any ProcessGroup) throws -> Double {
    let engine = try DistEngine(group: group)
    let stages = group.size
    let all = try (0..<stages).map { try weights(of: $0) }
    let own = try weights(of: group.rank)
    var worst = 0.0
    for step in 0..<steps {
      let expected = try reference(all, step)
      let loss = try engine.context { context in
        let loss = try forward(own, step, context)
        try engine.backward(context, roots: loss.map { [$0] } ?? [], mode: mode, into: .leaves)
        return loss?.item()
      }
      try update(own)
      if let loss { worst = max(worst, abs(loss - expected)) }
      worst = max(worst, difference(own[0].detach(), all[group.rank][0].detach()))
    }
    return worst
  }

  /// The stages of this rank for all micro-batches; the loss is on the last rank.
  private func forward(_ weights: [Tensor], _ step: Int, _ context: AutogradContext) throws
    -> Tensor?
  {
    var loss: Tensor?
    for index in 0..<microBatches {
      let input =
        context.rank == 0 ? batch(step, index) : try context.receive(from: context.rank - 1)
      let output = layer(input, weights)
      guard context.rank == context.size - 1 else {
        try context.send(output, to: context.rank + 1)
        continue
      }
      let part = microLoss(output, step, index)
      loss = loss.map { $0 + part } ?? part
    }
    return loss
  }

  private func reference(_ all: [[Tensor]], _ step: Int) throws -> Double {
    var loss = Tensor(scalar: 0, .float64)
    for index in 0..<microBatches {
      loss = loss + microLoss(all.reduce(batch(step, index)) { layer($0, $1) }, step, index)
    }
    try loss.backward()
    for weights in all { try update(weights) }
    return loss.item()
  }

  private func weights(of stage: Int) throws -> [Tensor] {
    [try parameter([6, 6], seed: 5, stage), try parameter([6], seed: 6, stage)]
  }

  private func layer(_ x: Tensor, _ weights: [Tensor]) -> Tensor {
    x.linear(weights[0], bias: weights[1]).tanh()
  }

  private func batch(_ step: Int, _ index: Int) -> Tensor {
    numbers([3, 6], seed: 7, step * 100 + index)
  }

  private func microLoss(_ output: Tensor, _ step: Int, _ index: Int) -> Tensor {
    output.mseLoss(numbers([3, 6], seed: 8, step * 100 + index)) / Double(microBatches)
  }

  private func update(_ weights: [Tensor]) throws {
    for weight in weights {
      guard let gradient = weight.grad else { continue }
      try noGrad { _ = try weight.sub_(gradient * rate) }
      try weight.setGrad(nil)
    }
  }
}
