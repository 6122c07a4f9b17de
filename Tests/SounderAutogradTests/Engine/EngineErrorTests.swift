import SounderArray
import Testing

@testable import SounderAutograd

@Suite struct EngineErrorTests {
  private struct Stop: Error {}

  @Test("An error in a node frees all nodes, and the graph below it is usable")
  func nodeThrows() throws {
    let x = try leaf(2)
    let below = x * x
    let failing = Tensor.recorded(below, from: [below]) { _ in throw Stop() }
    let beside = below * 3
    let root = (failing + beside) * 1
    #expect(throws: Stop.self) { try root.backward(retainGraph: true) }
    for tensor in [x, below, failing, beside, root] {
      #expect(tensor.node?.owner == 0)
      #expect(tensor.node?.state.first == nil)
      #expect(tensor.node?.state.pending == 0)
    }
    #expect(x.grad == nil)
    try (below * 2).backward()
    #expect(x.grad?.item() == 8)
    #expect(errorKind { try queueBackwardCallback {} } == .callbackOutsideBackward)
  }

  @Test("An error in a hook frees all nodes")
  func hookThrows() throws {
    let x = try leaf(2)
    let handle = try x.registerHook { _ in throw Stop() }
    let y = x * x
    #expect(throws: Stop.self) { try y.backward(retainGraph: true) }
    #expect(x.node?.owner == 0 && y.node?.owner == 0)
    handle.remove()
    try y.backward()
    #expect(x.grad?.item() == 4)
  }

  @Test("A node that returns a gradient of the wrong shape is named")
  func wrongShape() throws {
    let x = try leaf(1, 2)
    let y = Tensor.recorded(constant(1), from: [x]) { $0.send(0, constant(1, 2, 3)) }
    let error = #expect(throws: AutogradError.self) { try y.backward() }
    #expect(error?.kind == .gradShape)
    #expect(error?.message.contains("ClosureBackward returned a gradient of shape [3]") == true)
  }

  @Test("A gradient that was broadcast is summed, and one of another precision converted")
  func fitting() throws {
    let x = try leaf(1, 2)
    let y = Tensor.recorded(constant(1), from: [x]) { pass in
      pass.send(0, Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]))
    }
    try y.backward()
    #expect(x.grad?.dtype == .float64)
    #expect(x.grad?.doubles() == [4, 6])
  }
}
