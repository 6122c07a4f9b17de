import Foundation
import SounderArray
import Testing

@testable import SounderAutograd

/// Operations in place on views that take part in a graph.
@Suite struct InPlaceViewTests {
  @Test("AM-19: The base sees a change through a view, and sends each gradient to its source")
  func throughView() throws {
    let x = try leaf(1, 2, 3, 4)
    let factor = try leaf(5)
    let y = x * 2
    let view = y.slice(start: 1, end: 3)
    try view.mul_(factor)
    #expect(y.doubles() == [2, 20, 30, 8])
    try (y * y).sum().backward()
    #expect(x.grad?.doubles() == [8, 400, 600, 32])
    #expect(factor.grad?.doubles() == [2 * (20 * 4 + 30 * 6)])
  }

  @Test("AM-19: A base that required no gradient does once a differentiable value is written to it")
  func constantBase() throws {
    let base = constant(1, 2, 3)
    let x = try leaf(7)
    try base.select(0, 1).mul_(x.select(0, 0))
    #expect(base.requiresGrad)
    try base.sum().backward()
    #expect(x.grad?.doubles() == [2])
  }

  @Test("AM-19: Other views follow when their base is changed, directly or through a view")
  func otherViews() throws {
    let x = try leaf(1, 2, 3, 4)
    let y = x * 1
    let matrix = y.view([2, 2])
    let row = matrix.select(0, 0)
    try y.mul_(3)
    try matrix.select(1, 0).mul_(10)
    #expect(row.doubles() == [30, 6])
    let found = try gradients(of: [row.sum()], withRespectTo: [x])
    #expect(found[0]?.doubles() == [30, 3, 0, 0])
    #expect(row.gradFn?.name == "RegionBackward")
  }

  @Test("AM-19: The old value is kept where the formula needs it, and second order works")
  func secondOrder() throws {
    let x = try leaf(1, 2, 3)
    let y = x * 1
    try y.slice(start: 0, end: 2).exp_()
    let first = try gradients(of: [(y * y).sum()], withRespectTo: [x], createGraph: true)
    let second = try gradients(of: [try #require(first[0]).sum()], withRespectTo: [x])
    let e = { (v: Double) in 4 * exp(2 * v) }
    for (got, want) in zip(try #require(second[0]).doubles(), [e(1), e(2), 2]) {
      #expect(abs(got - want) < 1e-9 * want)
    }
  }

  @Test(
    "AM-19: Transposed, strided and overlapping-free views of views agree with the functional form")
  func geometries() throws {
    let views: [(Tensor) -> Tensor] = [
      { $0.t() }, { $0.t().select(0, 1) }, { $0.slice(dim: 1, step: 2) },
      { $0.view([4, 3]).slice(start: 1).t() },
    ]
    for view in views {
      let x = try Tensor((0..<12).map { Double($0) / 7 - 0.5 }, shape: [3, 4]).requiresGrad()
      let weights = Tensor((0..<12).map { Double($0 * $0) }, shape: [3, 4])
      let y = x * 1
      try view(y).tanh_()
      let found = try gradients(of: [(y * weights).sum()], withRespectTo: [x])
      let mask = Tensor.zeros([3, 4], dtype: .float64)
      _ = try view(mask).add_(1)
      let slope = 1 - x.detach().tanh().square()
      let expected = weights * (mask * slope + (1 - mask))
      for (got, want) in zip(try #require(found[0]).doubles(), expected.doubles()) {
        #expect(abs(got - want) < 1e-12)
      }
    }
  }

  @Test("AM-20: A view made in noGrad cannot be changed in a graph, its base would not see it")
  func unrecorded() throws {
    let x = try leaf(1, 2)
    let y = x * 1
    let view = noGrad { y.select(0, 0) }
    #expect(errorKind { try view.mul_(2) } == .viewInPlace)
    try noGrad { _ = try view.mul_(2) }
    #expect(y.doubles() == [2, 2])
  }

  @Test("Plain tensors may be changed through views, and keep no history")
  func plain() throws {
    let plain = constant(1, 2)
    try plain.select(0, 1).mul_(5)
    #expect(plain.doubles() == [1, 10])
    #expect(!plain.requiresGrad)
  }

  @Test("Forward mode follows a change through a view")
  func forward() throws {
    try ForwardMode.level { level in
      let x = try level.dual(constant(1, 2, 3), tangent: constant(1, 1, 1))
      let y = x * 1
      try noGrad { _ = try y.mul_(2) }
      #expect(level.tangent(of: y)?.doubles() == [2, 2, 2])
    }
  }

  @Test("AM-12: A tensor written to through out takes no part in a graph, and says so")
  func out() throws {
    let x = try leaf(1, 2)
    let result = constant(0, 0)
    #expect(errorKind { try x.mul(x, out: result) } == .outVariant)
    try noGrad { _ = try x.mul(x, out: result) }
    #expect(result.doubles() == [1, 4])
    #expect(result.version == 1)
  }
}
