import SounderArray
import Testing

@testable import SounderAutograd

@Suite struct NestedBackwardTests {
  /// A tensor whose backward runs another backward, and so on, `depth` times.
  private func nested(_ depth: Int, _ x: Tensor, _ deepest: Journal<Int>) -> Tensor {
    Tensor.recorded(x, from: [x]) { pass in
      if depth > 1 {
        let inner = try Tensor([1.0]).requiresGrad()
        try nested(depth - 1, inner, deepest).backward()
        pass.send(0, try #require(inner.grad) + 1)
      } else {
        deepest.note(depth)
        pass.send(0, Tensor([1.0]))
      }
    }
  }

  @Test("AM-41: Backward inside backward works two hundred levels deep")
  func deep() throws {
    let x = try leaf(1)
    let deepest = Journal<Int>()
    try nested(200, x, deepest).backward()
    #expect(x.grad?.item() == 200)
    #expect(deepest.entries == [1])
  }

  @Test("AM-41: An error comes up from all levels, and the next pass works")
  func errors() throws {
    struct Stop: Error {}
    func failing(_ depth: Int, _ x: Tensor) -> Tensor {
      Tensor.recorded(x, from: [x]) { _ in
        if depth == 0 { throw Stop() }
        let inner = try Tensor([1.0]).requiresGrad()
        try failing(depth - 1, inner).backward()
      }
    }
    let x = try leaf(1)
    #expect(throws: Stop.self) { try failing(100, x).backward() }
    try nested(100, x, Journal()).backward()
    #expect(x.grad?.item() == 100)
  }

  @Test("AM-41: A pass may run over the nodes of the pass it is nested in")
  func sameGraph() throws {
    let x = try leaf(3)
    let y = x * x
    let found = Journal<Double>()
    let z = Tensor.recorded(y, from: [y]) { pass in
      let inner = try gradients(of: [y], withRespectTo: [x], retainGraph: true)
      found.note(try #require(inner[0]).item())
      pass.send(0, pass.gradient(0))
    }
    try z.backward()
    #expect(found.entries == [6])
    #expect(x.grad?.item() == 6)
    #expect(y.node?.owner == 0 && x.node?.owner == 0)
  }

  @Test("AM-41: A nested pass may accumulate into the same leaf")
  func sameLeaf() throws {
    let x = try leaf(3)
    let z = Tensor.recorded(x, from: [x]) { pass in
      try withGradient(enabled: true) { try (x * x).backward() }
      pass.send(0, pass.gradient(0))
    }
    try z.backward()
    #expect(x.grad?.item() == 7)
  }
}
