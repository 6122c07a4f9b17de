import SounderArray
import Testing

@testable import SounderAutograd

@Suite struct GraphLifetimeTests {
  @Test("AM-07: A graph can be used once, or as often as it is retained")
  func twice() throws {
    let x = try leaf(2)
    let y = x * x
    try y.backward(retainGraph: true)
    try y.backward()
    #expect(x.grad?.item() == 8)
    #expect(errorKind { try y.backward() } == .backwardTwice)
    #expect(x.grad?.item() == 8)
  }

  @Test("AM-07: createGraph retains by default, and retainGraph: false overrules it")
  func createGraphRetains() throws {
    let x = try leaf(2)
    let y = x * x
    _ = try gradients(of: [y], withRespectTo: [x], createGraph: true)
    _ = try gradients(of: [y], withRespectTo: [x], retainGraph: false, createGraph: true)
    #expect(errorKind { try y.backward() } == .backwardTwice)
  }

  @Test("AM-07: Only the part of a graph that ran is released")
  func partial() throws {
    let x = try leaf(2)
    let b = x * x
    let y = b * b
    _ = try gradients(of: [y], withRespectTo: [b])
    #expect(errorKind { try y.backward() } == .backwardTwice)
    try b.backward()
    #expect(x.grad?.item() == 4)
  }

  @Test("AM-24: A pass that drops saved tensors has them for itself from the first read")
  func firstReader() throws {
    let x = try leaf(2)
    let saved = SavedTensor(input: constant(5))
    let kinds = Journal<AutogradError.Kind?>()
    let root = Journal<Tensor>()
    var node: Node?
    let y = Tensor.recorded(constant(1), from: [x]) { pass in
      let factor = try #require(node).unpack(saved)
      if kinds.entries.isEmpty {
        kinds.note(nil)
        kinds.note(errorKind { try root.entries[0].backward() })
        kinds.note(errorKind { try root.entries[0].backward(retainGraph: true) })
      }
      pass.send(0, factor)
    }
    node = y.node
    root.note(y)
    try y.backward()
    node = nil
    root.entries = []
    #expect(kinds.entries == [nil, .backwardTwice, nil])
    #expect(x.grad?.item() == 10)
  }

  @Test("AM-07: A graph without saved tensors has nothing to lose")
  func nothingSaved() throws {
    let x = try leaf(2)
    let y = (x + 1).sum()
    try y.backward()
    try y.backward()
    #expect(x.grad?.item() == 2)
  }

  @Test("AM-07: Saved tensors go as soon as their node has run")
  func savedTensorsGo() throws {
    let x = try leaf(2)
    weak var saved: Tensor?
    let y: Tensor
    do {
      let middle = x.exp()
      saved = middle
      y = middle * middle
    }
    #expect(saved != nil)
    try y.backward()
    #expect(saved == nil)
  }

  @Test("AM-16: A frozen leaf is not recorded, and keeps its gradient and hooks")
  func freezing() throws {
    let w = try leaf(3)
    let x = try leaf(2)
    let calls = Journal<Double>()
    try w.registerHook {
      calls.note($0.item())
      return nil
    }
    try (w * x).backward()
    try w.requiresGrad(false)
    #expect(w.grad?.item() == 2)
    #expect(!w.requiresGrad && w.isLeaf)
    let y = w * x
    #expect(y.gradFn?.nextFunctions[0].node == nil)
    try y.backward()
    #expect(w.grad?.item() == 2)
    #expect(x.grad?.item() == 6)
    #expect(!(w * 2).requiresGrad)
    try w.requiresGrad()
    try (w * x).backward()
    #expect(w.grad?.item() == 4)
    #expect(calls.entries == [2, 2])
  }

  @Test("AM-16: Below a frozen part nothing is kept")
  func frozenBackbone() throws {
    let frozen = constant(1, 2)
    let head = try leaf(3, 4)
    weak var inner: Tensor?
    let result: Tensor
    do {
      let hidden = frozen.exp()
      inner = hidden
      result = hidden.log() + head
    }
    #expect(inner == nil)
    try result.sum().backward()
    #expect(head.grad?.doubles() == [1, 1])
  }

  @Test("AM-40: A chain of a million operations runs, and is released without recursion")
  func deepChain() throws {
    let x = try leaf(1)
    weak var first: Node?
    weak var last: Node?
    do {
      var y = x + 1.0
      first = y.node
      for _ in 0..<999_999 { y = y + 1.0 }
      last = y.node
      #expect(y.item() == 1_000_001)
      try y.backward()
      #expect(x.grad?.item() == 1)
      #expect(first != nil && last != nil)
    }
    #expect(first == nil && last == nil)
  }

  @Test("AM-40: A deep chain that saves its outputs is released, used or not")
  func deepChainOfSavedTensors() throws {
    let x = try leaf(0.5)
    weak var first: Node?
    do {
      var y = x.tanh()
      first = y.node
      for _ in 0..<200_000 { y = (y * y).tanh() }
      #expect(first != nil)
    }
    #expect(first == nil)
  }

  @Test("Every node is gone with the result, and the leaf's accumulator stays with the leaf")
  func liveNodes() throws {
    let x = try leaf(1, 2)
    let w = try leaf(1, 2, 3, 4, shape: [2, 2])
    var nodes: [WeakNode] = []
    func collect(_ node: Node?) {
      guard let node, !nodes.contains(where: { $0.node === node }) else { return }
      nodes.append(WeakNode(node: node))
      for edge in node.nextFunctions { collect(edge.node) }
    }
    do {
      let hidden = x.unsqueeze(0).linear(w).relu()
      let normal = hidden.layerNorm([2])
      let loss = Tensor.cat([normal, hidden * hidden]).softmax(-1).sum()
      collect(loss.gradFn)
      try loss.backward(createGraph: true)
      collect(x.grad?.gradFn)
      collect(w.grad?.gradFn)
      #expect(nodes.count > 20)
      #expect(nodes.allSatisfy { $0.node?.owner == 0 })
    }
    try x.setGrad(nil)
    try w.setGrad(nil)
    let alive = nodes.compactMap(\.node)
    #expect(alive.allSatisfy { $0.isLeaf })
    #expect(alive.count == 2)
  }
}

private struct WeakNode {
  weak var node: Node?
}
