import SounderArray
import Testing

@testable import SounderAutograd

@Suite struct AccumulationTests {
  @Test("AM-01: A loop whose length depends on the data differentiates correctly")
  func dataDependentLoop() throws {
    let x = try leaf(1.5)
    var y = x
    var steps = 0
    while y.item() < 10 {
      y = y * x
      steps += 1
    }
    try y.backward()
    let expected = Double(steps + 1) * (0..<steps).reduce(1.0) { result, _ in result * 1.5 }
    #expect(abs(try #require(x.grad).item() - expected) < 1e-12)
  }

  @Test("AM-02: A result requires a gradient if an operand does and operations are recorded")
  func propagation() throws {
    let x = try leaf(1)
    let c = constant(2)
    #expect(x.isLeaf && x.requiresGrad)
    #expect(x.gradFn == nil)
    #expect(!c.requiresGrad)
    #expect((x * c).requiresGrad && !(x * c).isLeaf && !(c * c).requiresGrad)
    #expect(!noGrad { x * c }.requiresGrad)
    #expect(!x.ge(0).requiresGrad)
    #expect(!x.detach().requiresGrad)
  }

  @Test("AM-02: Only floating-point leaves can be told to require a gradient")
  func requirements() throws {
    #expect(errorKind { try Tensor([1, 2] as [Int]).requiresGrad() } == .notFloating)
    let y = try leaf(1) * 2
    #expect(errorKind { try y.requiresGrad(false) } == .notLeaf)
    #expect(errorKind { try y.requiresGrad(true) } == nil)
  }

  @Test("AM-03: Roots that cannot start a pass are refused")
  func roots() throws {
    let x = try leaf(1, 2)
    #expect(errorKind { try (x * 2).backward() } == .nonScalarRoot)
    #expect(errorKind { try constant(1).backward() } == .rootNotDifferentiable)
    #expect(errorKind { try (x * 2).backward(gradient: constant(1)) } == .gradShape)
    #expect(x.grad == nil)
    try (x * 2).backward(gradient: constant(3, 5))
    #expect(x.grad?.doubles() == [6, 10])
  }

  @Test("AM-03: A seed of another precision is converted")
  func seedPrecision() throws {
    let x = try leaf(1, 2)
    try (x * 2).backward(gradient: Tensor([1, 2] as [Float]))
    #expect(x.grad?.dtype == .float64)
    #expect(x.grad?.doubles() == [2, 4])
  }

  @Test("AM-04: Gradients are added in place to the same tensor")
  func identity() throws {
    let x = try leaf(3)
    try (x * x).backward()
    let first = try #require(x.grad)
    #expect(first.item() == 6)
    try (x * x).backward()
    #expect(x.grad === first)
    #expect(first.item() == 12)
  }

  @Test("AM-04: With createGraph a gradient is replaced by a differentiable sum")
  func differentiableSum() throws {
    let x = try leaf(3)
    try (x * x * x).backward(createGraph: true)
    let first = try #require(x.grad)
    #expect(first.requiresGrad)
    try (x * x).backward(createGraph: true)
    let second = try #require(x.grad)
    #expect(second !== first)
    #expect(first.item() == 27)
    #expect(second.item() == 33)
    // d/dx (3x² + 2x) = 6x + 2.
    #expect(try gradients(of: [second], withRespectTo: [x])[0]?.item() == 20)
    try x.setGrad(nil)
  }

  @Test("AM-04: An assigned gradient must fit")
  func assignment() throws {
    let x = try leaf(1, 2)
    #expect(errorKind { try x.setGrad(constant(1)) } == .gradShape)
    #expect(errorKind { try x.setGrad(Tensor([1, 2] as [Float])) } == .gradDtype)
    let own = constant(10, 20)
    try x.setGrad(own)
    #expect(x.grad === own)
    try x.sum().backward()
    #expect(x.grad?.doubles() == [11, 21])
    try x.setGrad(nil)
    #expect(x.grad == nil)
  }

  @Test("AM-04: A tensor that is no leaf has a gradient only if it was asked to keep it")
  func retained() throws {
    let x = try leaf(2)
    let kept = x * 3
    let dropped = kept * 5
    try kept.retainGrad()
    try dropped.backward(retainGraph: true)
    #expect(dropped.grad == nil)
    #expect(kept.grad?.item() == 5)
    try dropped.backward()
    #expect(kept.grad?.item() == 10)
    #expect(errorKind { try dropped.setGrad(constant(1)) } == .notLeaf)
    #expect(errorKind { try constant(1).retainGrad() } == .hookOnNonDiff)
  }

  @Test("AM-44: No gradient shares memory with the seed a user passes")
  func seed() throws {
    let seed = constant(1, 2, 3, 4)
    func check(_ gradient: Tensor?) throws {
      let gradient = try #require(gradient)
      #expect(gradient.array.storage !== seed.array.storage)
      #expect(gradient.doubles() == [1, 2, 3, 4])
    }
    let x = try leaf(1, 1, 1, 1)
    try x.backward(gradient: seed)
    try check(x.grad)
    let y = try leaf(1, 1, 1, 1, shape: [2, 2])
    try y.view([4]).backward(gradient: seed)
    try check(y.grad)
    let a = try leaf(1, 1, 1, 1)
    let b = try leaf(1, 1, 1, 1)
    try (a + b).backward(gradient: seed)
    try check(a.grad)
    try check(b.grad)
    #expect(a.grad?.array.storage !== b.grad?.array.storage)
    let kept = a * 1
    try kept.retainGrad()
    try kept.backward(gradient: seed)
    try check(kept.grad)
    let listed = a * 1
    try listed.backward(gradient: seed, inputs: [listed])
    try check(listed.grad)
    try x.setGrad(nil)
    try x.backward(gradient: seed, inputs: [x])
    try check(x.grad)
    #expect(seed.doubles() == [1, 2, 3, 4])
  }

  @Test("AM-44: Recorded gradients share no memory with the seed or each other either")
  func recordedSeed() throws {
    let seed = constant(1, 2)
    let a = try leaf(1, 1)
    let b = try leaf(1, 1)
    let kept = a + b
    try kept.retainGrad()
    try kept.backward(gradient: seed, createGraph: true)
    try a.sum().backward()
    try kept.backward(gradient: seed)
    #expect(seed.doubles() == [1, 2])
    #expect(a.grad?.doubles() == [3, 5])
    #expect(b.grad?.doubles() == [2, 4])
    #expect(kept.grad?.doubles() == [2, 4])
  }

  @Test("AM-44: A seed is not changed by a second use of the root")
  func seedOfSharedRoot() throws {
    let x = try leaf(1, 1)
    let seed = constant(1, 2)
    let y = x * 1
    let captured = try gradients(
      of: [y, y], withRespectTo: [x], gradOutputs: [seed, seed])
    #expect(captured[0]?.doubles() == [2, 4])
    #expect(seed.doubles() == [1, 2])
  }

  @Test("AM-50: A leaf that no pass reaches keeps no gradient")
  func unused() throws {
    let x = try leaf(1)
    let unused = try leaf(1)
    try (x * 2).backward()
    #expect(unused.grad == nil)
    let stopped = try leaf(1)
    let y = Tensor.recorded(constant(1), from: [stopped]) { _ in }
    try y.backward()
    #expect(stopped.grad == nil)
  }

  @Test("A tensor used twice by one operator gets both contributions")
  func doubleUse() throws {
    let x = try leaf(3)
    try (x * x).backward()
    #expect(x.grad?.item() == 6)
    let a = try leaf(1, 2, 3, 4, shape: [2, 2])
    let product = { (inputs: [Tensor]) in inputs[0].mm(inputs[0]).sum() }
    try product([a]).backward()
    #expect(a.grad?.doubles() == [7, 11, 9, 13])
    try checkGradients(of: product, at: [a])
    try checkGradients(of: { $0[0].linear($0[0], bias: $0[0].select(0, 0)) }, at: [a])
    try checkGradients(of: { $0[0].where($0[1], $0[1]) }, at: [a.ge(2), a])
    try checkGradients(of: { Tensor.cat([$0[0], $0[0], $0[0].t()]) }, at: [a])
  }
}
