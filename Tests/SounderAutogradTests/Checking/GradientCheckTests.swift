import SounderArray
import Testing

@testable import SounderAutograd

@Suite struct GradientCheckTests {
  private let x = Tensor([0.5, -1.2, 2] as [Double])

  private func failure(_ function: ([Tensor]) throws -> Tensor) -> GradientCheckReport.Check? {
    do {
      try checkGradients(of: function, at: [x])
      return nil
    } catch {
      return (error as? GradientCheckError)?.comparison.check
    }
  }

  /// x², with a gradient multiplied by `factor`, and a tangent by `tangentFactor`.
  private func square(
    _ x: Tensor, backward: @escaping (Tensor, Tensor) throws -> Tensor, tangentFactor: Double = 1
  ) -> Tensor {
    let value = noGrad { x.detach() * x.detach() }
    let result = Tensor.recorded(value, from: [x]) { pass in
      guard let gradient = pass.gradient(0) else { return }
      pass.send(0, try backward(gradient, x))
    }
    if Modes.forward, let tangent = x.tangent {
      result.setTangent(tangent * x.detach() * (2 * tangentFactor))
    }
    return result
  }

  @Test("Right derivatives pass, and the report says what was compared")
  func right() throws {
    let report = try checkGradients(
      of: { inputs in self.square(inputs[0]) { $0 * $1 * 2 } }, at: [x])
    #expect(report.comparisons.map(\.check) == [.reverse, .forward, .recorded, .secondOrder])
    let first = try checkGradients(of: { $0[0].exp() }, at: [x], order: 1)
    #expect(first.comparisons.map(\.check) == [.reverse, .forward])
    let again = try checkGradients(of: { $0[0].exp() }, at: [x], order: 1)
    #expect(first.comparisons.map(\.value) == again.comparisons.map(\.value))
  }

  @Test("Each wrong derivative is found by its check")
  func wrong() {
    #expect(failure { inputs in square(inputs[0]) { $0 * $1 * 2.001 } } == .reverse)
    #expect(failure { $0[0].detach() * 2 } == .reverse)
    #expect(
      failure { inputs in square(inputs[0], backward: { $0 * $1 * 2 }, tangentFactor: 1.001) }
        == .forward)
    #expect(
      failure { inputs in
        square(inputs[0]) { Modes.recording ? $0 * $1 * 2.001 : $0 * $1 * 2 }
      } == .recorded)
    #expect(failure { inputs in square(inputs[0]) { $0 * $1.detach() * 2 } } == .secondOrder)
    #expect(failure { $0[0] * Double.nan } == .reverse)
  }

  @Test("Integer arguments are passed on")
  func integers() throws {
    try checkGradients(
      of: { $0[0].gather(0, $0[1]) }, at: [x, Tensor([2, 2, 0] as [Int])])
  }
}
