import SounderArray
import Testing

@testable import SounderAutograd

/// Random graphs, differentiated by the engine and by plain recursion.
@Suite struct RandomGraphTests {
  private enum Operation {
    case input(Int)
    case add(Int, Int)
    case multiply(Int, Int)
    case sine(Int)
    case scale(Int, Double)
  }

  /// A random graph over three inputs; every operand is an earlier number.
  private func graph(_ stream: inout RandomStream) -> [Operation] {
    var operations: [Operation] = [.input(0), .input(1), .input(2)]
    for _ in 0..<(6 + stream.next(below: 9)) {
      let a = stream.next(below: operations.count)
      let b = stream.next(below: operations.count)
      switch stream.next(below: 4) {
      case 0: operations.append(.add(a, b))
      case 1: operations.append(.multiply(a, b))
      case 2: operations.append(.sine(a))
      default: operations.append(.scale(a, Double(stream.next(below: 5)) - 2))
      }
    }
    return operations
  }

  private func tensors(_ operations: [Operation], _ leaves: [Tensor]) -> [Tensor] {
    operations.reduce(into: []) { values, operation in
      switch operation {
      case .input(let index): values.append(leaves[index])
      case .add(let a, let b): values.append(values[a] + values[b])
      case .multiply(let a, let b): values.append(values[a] * values[b])
      case .sine(let a): values.append(values[a].sin())
      case .scale(let a, let factor): values.append(values[a] * factor)
      }
    }
  }

  /// The derivative of number `index` with respect to an input, by the rules of calculus.
  private func derivative(
    _ operations: [Operation], _ values: [Double], _ index: Int, input: Int
  ) -> Double {
    func d(_ operand: Int) -> Double { derivative(operations, values, operand, input: input) }
    switch operations[index] {
    case .input(let number): return number == input ? 1 : 0
    case .add(let a, let b): return d(a) + d(b)
    case .multiply(let a, let b): return d(a) * values[b] + values[a] * d(b)
    case .sine(let a): return Tensor([values[a]]).cos().item() * d(a)
    case .scale(let a, let factor): return factor * d(a)
    }
  }

  @Test("The engine agrees with a recursive differentiator", arguments: 0..<60)
  func agree(seed: Int) throws {
    var stream = RandomStream(seed: UInt64(seed), stream: 1)
    let operations = graph(&stream)
    let leaves = try [0.3, -0.7, 1.1].map { try Tensor([$0]).requiresGrad() }
    let nodes = tensors(operations, leaves)
    let values = nodes.map { $0.item() }
    let roots = [operations.count - 1, 3 + stream.next(below: operations.count - 3)]
    let expected = (0..<3).map { input in
      roots.reduce(0) { $0 + derivative(operations, values, $1, input: input) }
    }

    let found = try gradients(
      of: roots.map { nodes[$0] }, withRespectTo: leaves, retainGraph: true, allowUnused: true)
    for (gradient, value) in zip(found, expected) {
      let number = gradient?.item() ?? 0
      #expect(abs(number - value) <= 1e-10 * max(1, abs(value)))
    }

    let root = nodes[operations.count - 1]
    try root.backward(retainGraph: true)
    for (input, leaf) in leaves.enumerated() {
      let value = derivative(operations, values, operations.count - 1, input: input)
      #expect(abs((leaf.grad?.item() ?? 0) - value) <= 1e-10 * max(1, abs(value)))
    }
    let middle = nodes[3 + stream.next(below: operations.count - 3)]
    _ = try gradients(of: [root], withRespectTo: [middle], allowUnused: true)
    for node in nodes { #expect(node.node?.owner == 0) }
    try checkGradients(
      of: { tensors(operations, $0)[operations.count - 1] }, at: leaves.map { $0.detach() })
  }
}
