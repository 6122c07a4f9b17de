import SounderArray
import Testing

@testable import SounderAutograd

@Suite struct GradientModeTests {
  @Test("AM-12: Nothing is recorded in noGrad, and leaves may be changed in place")
  func noGradient() throws {
    let x = try leaf(1, 2)
    let version = x.version
    try noGrad {
      #expect(!isGradientEnabled)
      #expect(!(x * 2).requiresGrad)
      try x.mul_(3)
      #expect(try leaf(1).requiresGrad)
    }
    #expect(isGradientEnabled)
    #expect(x.doubles() == [3, 6])
    #expect(x.version == version + 1)
    #expect(x.isLeaf && x.requiresGrad)
  }

  @Test("AM-12: A backward pass works inside noGrad, double backward included")
  func backwardInside() throws {
    let x = try leaf(3)
    let y = x * x * x
    let slope = try noGrad {
      try gradients(of: [y], withRespectTo: [x], createGraph: true)[0]
    }
    let first = try #require(slope)
    #expect(first.item() == 27)
    try noGrad { try first.backward() }
    #expect(x.grad?.item() == 18)
    #expect(isGradientEnabled)
  }

  @Test("AM-13: Scopes nest, return values, and end when they throw")
  func nesting() throws {
    let value = noGrad {
      withGradient(enabled: true) {
        #expect(isGradientEnabled)
        noGrad { #expect(!isGradientEnabled) }
        #expect(isGradientEnabled)
      }
      return 5
    }
    #expect(value == 5)
    struct Stop: Error {}
    #expect(throws: Stop.self) { try noGrad { throw Stop() } }
    #expect(isGradientEnabled)
    withGradient(enabled: false) { #expect(!isGradientEnabled) }
  }

  @Test("A failed pass leaves the mode as it was")
  func failedPass() throws {
    struct Stop: Error {}
    let x = try leaf(1)
    let y = Tensor.recorded(constant(1), from: [x]) { _ in
      #expect(!isGradientEnabled)
      throw Stop()
    }
    #expect(throws: Stop.self) { try y.backward() }
    #expect(isGradientEnabled)
  }
}
