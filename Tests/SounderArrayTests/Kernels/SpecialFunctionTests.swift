import Foundation
import Testing

@testable import SounderArray

@Suite("Special functions")
struct SpecialFunctionTests {
  @Test("Digamma and its derivatives obey their recurrence", arguments: [0, 1, 2, 3, 5])
  func recurrence(order: Int) {
    // ψ⁽ⁿ⁾(x + 1) = ψ⁽ⁿ⁾(x) + (-1)ⁿ n! / xⁿ⁺¹
    let factor = (order % 2 == 0 ? 1 : -1) * tgamma(Double(order + 1))
    for x in [0.1, 0.7, 1.0, 2.5, 9.9, 31.0] {
      let values = Kernels.polygamma(order, NDArray([x, x + 1])).toArray(as: Double.self)
      let expected = values[0] + factor / pow(x, Double(order + 1))
      #expect(abs(values[1] - expected) <= 1e-12 * max(1, abs(values[0])))
    }
  }

  @Test("Digamma and trigamma of one are known constants")
  func constants() {
    let one = NDArray([1.0])
    let digamma = Kernels.digamma(one).toArray(as: Double.self)[0]
    let trigamma = Kernels.polygamma(1, one).toArray(as: Double.self)[0]
    #expect(abs(digamma + 0.577_215_664_901_532_9) < 1e-14)
    #expect(abs(trigamma - Double.pi * Double.pi / 6) < 1e-14)
  }

  @Test("expm1 of float32 is accurate near zero and far from it")
  func expm1() {
    let values: [Float] = [-1e-7, 1e-7, 1e-3, -0.5, 0.4, 3, -20, 88, -.infinity, .infinity]
    let results = Kernels.expm1(NDArray(values)).toArray(as: Float.self)
    for (x, y) in zip(values, results) {
      let truth = Foundation.expm1(Double(x))
      #expect(Double(y) == truth || abs(Double(y) - truth) <= 1e-6 * abs(truth))
    }
  }

  @Test("The normal distribution function within gelu is within 1.5e-7")
  func gelu() {
    let values = (-800...800).map { Float($0) / 100 }
    let results = Kernels.gelu(NDArray(values)).toArray(as: Float.self)
    for (x, y) in zip(values, results) {
      let truth = 0.5 * Double(x) * erfc(-Double(x) / 2.0.squareRoot())
      #expect(abs(Double(y) - truth) <= 2e-7 * max(1, abs(Double(x))))
    }
  }
}
