import SounderArray
import Testing

@testable import SounderAutograd

@Suite struct ForwardModeTests {
  @Test("A tangent goes along with the value, and vanishes with the level")
  func levels() throws {
    let x = constant(2, 3)
    var escaped: Tensor?
    let tangent = try ForwardMode.level { level in
      let y = try level.dual(x, tangent: constant(1, 10)) * x
      escaped = y
      #expect(level.tangent(of: x) == nil)
      return level.tangent(of: y)
    }
    #expect(tangent?.doubles() == [2, 30])
    #expect(escaped?.tangent == nil)
    try ForwardMode.level { level in
      #expect(escaped.flatMap { level.tangent(of: $0) } == nil)
    }
  }

  @Test("Levels don't nest, and end when they throw")
  func nesting() throws {
    struct Stop: Error {}
    #expect(
      errorKind { try ForwardMode.level { _ in try ForwardMode.level { _ in } } }
        == .nestedForwardLevel)
    #expect(throws: Stop.self) { try ForwardMode.level { _ in throw Stop() } }
    try ForwardMode.level { _ in }
  }

  @Test("A dual needs an open level and a tangent that fits")
  func duals() throws {
    var kept: ForwardMode.Level?
    try ForwardMode.level { level in
      kept = level
      #expect(
        errorKind { _ = try level.dual(constant(1), tangent: constant(1, 2)) } == .tangentShape)
      #expect(
        errorKind { _ = try level.dual(constant(1), tangent: Tensor([1] as [Float])) }
          == .tangentShape)
    }
    let closed = try #require(kept)
    #expect(errorKind { _ = try closed.dual(constant(1), tangent: constant(1)) } == .noForwardLevel)
  }

  @Test("A dual of a transposed tensor has its layout")
  func transposed() throws {
    let x = Tensor([1, 2, 3, 4, 5, 6] as [Double], shape: [2, 3]).t()
    let pushed = try jvp({ $0[0] * $0[0] }, primals: [x], tangents: [x])
    #expect(pushed.tangent.doubles() == [2, 32, 8, 50, 18, 72])
  }

  @Test("Forward mode over reverse mode gives products with the Hessian")
  func forwardOverReverse() throws {
    let x = constant(2, 3)
    let product = try ForwardMode.level { level in
      let dual = try level.dual(try Tensor(x.array).requiresGrad(), tangent: constant(1, 0))
      let y = (dual * dual * dual).sum()
      let gradient = try #require(gradients(of: [y], withRespectTo: [dual], createGraph: true)[0])
      return level.tangent(of: gradient)
    }
    #expect(product?.doubles() == [12, 0])
  }

  @Test("Operators without a path from a dual have no tangent; jvp gives zeros")
  func independent() throws {
    let pushed = try jvp({ _ in constant(5) }, primals: [constant(1)], tangents: [constant(1)])
    #expect(pushed.tangent.doubles() == [0])
    #expect(
      errorKind { _ = try jvp({ $0[0] }, primals: [constant(1)], tangents: []) } == .gradCount)
  }
}
