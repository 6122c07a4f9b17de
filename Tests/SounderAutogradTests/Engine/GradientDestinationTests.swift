import SounderArray
import Testing

@testable import SounderAutograd

@Suite struct GradientDestinationTests {
  private func destination(for leaf: Tensor) throws -> NDArray {
    let memory = Kernels.full(leaf.shape, .float(.nan), leaf.dtype)
    try #require(leaf.accumulator).destination = memory
    return memory
  }

  @Test("Gradients of a linear layer are written where they shall lie, and later ones added there")
  func linear() throws {
    let w = try leaf(1, 2, 3, 4, 5, 6, shape: [2, 3])
    let b = try leaf(0, 0)
    let memory = [try destination(for: w), try destination(for: b)]
    let x = Tensor([1, 2, 3, 4, 5, 6] as [Double], shape: [2, 3])
    try x.linear(w, bias: b).sum().backward()
    for (leaf, memory) in zip([w, b], memory) {
      #expect(leaf.grad?.array.pointer == memory.pointer)
    }
    #expect(w.grad?.doubles() == [5, 7, 9, 5, 7, 9])
    #expect(b.grad?.doubles() == [2, 2])
    try x.linear(w, bias: b).sum().backward()
    #expect(w.grad?.array.pointer == memory[0].pointer)
    #expect(memory[0].toArray(as: Double.self) == [10, 14, 18, 10, 14, 18])
    #expect(memory[1].toArray(as: Double.self) == [4, 4])
  }

  @Test("The last contribution of a node gets the destination, one of several does not")
  func onlyContribution() throws {
    let x = try leaf(1)
    let memory = try destination(for: x)
    let offered = Journal<Bool>()
    func use() -> Tensor {
      Tensor.recorded(constant(1), from: [x]) { pass in
        let target = pass.destination(0)?.array
        offered.note(target?.pointer == memory.pointer)
        target?.fill(5)
        pass.send(0, target.map { Tensor($0) } ?? constant(7))
      }
    }
    try use().backward()
    #expect(offered.entries == [true])
    #expect(x.grad?.array.pointer == memory.pointer)
    try use().backward()
    #expect(offered.entries == [true, false])
    #expect(memory.toArray(as: Double.self) == [12])
    try x.setGrad(nil)
    try (use() + use()).backward()
    #expect(offered.entries == [true, false, false, false])
    #expect(x.grad?.array.pointer == memory.pointer)
    #expect(memory.toArray(as: Double.self) == [14])
  }

  @Test(
    "Gradients that are captured, recorded or seen by a hook don't go to the destination directly")
  func notOffered() throws {
    let w = try leaf(1, 2, shape: [1, 2])
    let memory = try destination(for: w)
    let x = Tensor([3, 4] as [Double], shape: [1, 2])
    let found = try gradients(of: [x.linear(w)], withRespectTo: [w])[0]
    #expect(found?.doubles() == [3, 4])
    #expect(memory.toArray(as: Double.self).allSatisfy { $0.isNaN })
    try w.registerHook { $0 * 2 }
    try x.linear(w).backward()
    #expect(w.grad?.array.pointer == memory.pointer)
    #expect(memory.toArray(as: Double.self) == [6, 8])
  }

  @Test("Embedding tables and matrices of mm have destinations too")
  func otherOperators() throws {
    let table = try leaf(1, 2, 3, 4, shape: [2, 2])
    let memory = try destination(for: table)
    let rows = Tensor([1, 1, 0] as [Int])
    try table.embeddingLookup(rows).sum().backward()
    #expect(table.grad?.array.pointer == memory.pointer)
    #expect(memory.toArray(as: Double.self) == [1, 1, 2, 2])
    let m = try leaf(1, 2, 3, 4, shape: [2, 2])
    let product = try destination(for: m)
    try m.mm(Tensor([1, 2, 3, 4] as [Double], shape: [2, 2])).sum().backward()
    #expect(m.grad?.array.pointer == product.pointer)
    #expect(product.toArray(as: Double.self) == [3, 7, 3, 7])
  }

  @Test("The sink of a leaf is called once a pass, after the post-accumulate hooks")
  func sink() throws {
    let x = try leaf(1)
    let calls = Journal<String>()
    try x.registerPostAccumulateGradHook { _ in calls.note("hook") }
    try #require(x.accumulator).sink = { calls.note("sink \($0.gradient?.item() ?? 0)") }
    try (x * 2 + x * 3).backward()
    #expect(calls.entries == ["hook", "sink 5.0"])
  }
}
