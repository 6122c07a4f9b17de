import SounderArray
import Testing

@testable import SounderAutograd

@Suite struct ExecutionOrderTests {
  @Test("AM-42: Among ready nodes the youngest runs first")
  func youngestFirst() throws {
    let x = try leaf(1)
    let order = Journal<Int>()
    let branches = (0..<4).map { index in
      Tensor.recorded(x, from: [x]) { pass in
        order.note(index)
        pass.send(0, pass.gradient(0))
      }
    }
    // The order of use does not matter.
    try Tensor.cat([2, 0, 3, 1].map { branches[$0] }).sum().backward()
    #expect(order.entries == [3, 2, 1, 0])
    #expect(x.grad?.item() == 4)
  }

  @Test("AM-42: A leaf is complete before older nodes run")
  func leavesFirst() throws {
    let order = Journal<String>()
    let leaves = try [leaf(1), leaf(1)]
    func branch(_ name: String, _ x: Tensor) throws -> Tensor {
      try x.registerPostAccumulateGradHook { _ in order.note("leaf of \(name)") }
      return Tensor.recorded(x, from: [x]) { pass in
        order.note(name)
        pass.send(0, pass.gradient(0))
      }
    }
    let old = try branch("old", leaves[0])
    let new = try branch("new", leaves[1])
    try (old + new).backward()
    // A hook on a leaf lives as long as the leaf.
    #expect(leaves.allSatisfy { $0.grad?.item() == 1 })
    #expect(order.entries == ["new", "leaf of new", "old", "leaf of old"])
  }

  @Test("Two runs of one program have the same bits")
  func repeatable() throws {
    func run() throws -> [[Double]] {
      var stream = RandomStream(seed: 9, stream: 0)
      let x = try Tensor.randn([16, 8], .float64, from: &stream).requiresGrad()
      let w = try Tensor.randn([8, 8], .float64, from: &stream).requiresGrad()
      var hidden = x
      for _ in 0..<4 { hidden = hidden.linear(w).tanh() + hidden * hidden.sigmoid() }
      try hidden.logsumexp([1]).mean().backward()
      return [x, w].compactMap { $0.grad?.doubles() }
    }
    let first = try run()
    #expect(first.count == 2)
    for _ in 0..<5 { #expect(try run() == first) }
  }
}
