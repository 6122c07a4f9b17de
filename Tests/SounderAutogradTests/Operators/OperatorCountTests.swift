import SounderArray
import Testing

@testable import SounderAutograd

/// All results of all operators, variants in place included, with every sample; counted.
@Suite struct OperatorCountTests {
  /// Operators that have a derivative, and must therefore be checked in all modes.
  private static func isDifferentiable(_ entry: OperatorEntry) -> Bool {
    !entry.isOut && entry.parameters.contains(where: \.isDifferentiable)
      && entry.differentiableOutputs.contains(true)
  }

  /// Calls of operators whose arguments derivatives.yaml has no words for.
  private static let calls: [String: [[OperatorArgument]]] = [
    "__getitem__": [
      [matrix, [.slice(start: 0, stop: 3, step: 2), .tensor(Tensor([3, 0] as [Int]))]],
      [matrix, [.ellipsis, 1]], [matrix, [nil, -1]],
    ]
  ]

  private static let matrix = OperatorArgument.tensor(
    Tensor((0..<12).map { Double($0) * 0.3 - 1 }, shape: [3, 4]))

  /// Functions of reals that show the derivatives of operators on complex numbers.
  private static let compositions: [String: @Sendable ([Tensor]) throws -> Tensor] = [
    "imag": { ($0[0].viewAsComplex() * $0[0].viewAsComplex()).imag() },
    "view_as_complex": { $0[0].viewAsComplex().square().viewAsReal() },
    "view_as_complex_copy": {
      try OperatorRegistry.call("view_as_complex_copy", [.tensor($0[0])])[0].square().viewAsReal()
    },
    "view_as_real": { $0[0].viewAsComplex().square().viewAsReal() },
    "view_as_real_copy": {
      try OperatorRegistry.call(
        "view_as_real_copy", [.tensor($0[0].viewAsComplex().square())])[0]
    },
  ]

  @Test("Every operator keeps its promises at orders 1 and 2 and in forward mode")
  func count() throws {
    var operators: [OperatorCheckReport.Aspect: Int] = [:]
    var samples = 0
    var differentiable = 0
    for entry in OperatorRegistry.entries {
      let arguments = try Self.calls[entry.fullName] ?? entry.sampleArguments()
      let mustDerive = Self.isDifferentiable(entry)
      if mustDerive { differentiable += 1 }
      if let composition = Self.compositions[entry.fullName] {
        let pairs = constant(0.5, -1, 2, 0.25, -0.75, 1.5).view([3, 2])
        #expect(try checkGradients(of: composition, at: [pairs]).comparisons.count == 4)
        for aspect in [OperatorCheckReport.Aspect.gradients, .secondOrder, .forwardMode] {
          operators[aspect, default: 0] += 1
        }
        continue
      }
      if arguments.isEmpty {
        #expect(!mustDerive, "\(entry.fullName) has a derivative and no samples")
        continue
      }
      let report = try checkOperator(entry.fullName, samples: arguments)
      #expect(report.passed, "\(entry.fullName): \(report.problems)")
      samples += arguments.count
      for aspect in OperatorCheckReport.Aspect.allCases where report.count(aspect) > 0 {
        operators[aspect, default: 0] += 1
      }
      for aspect in [OperatorCheckReport.Aspect.gradients, .secondOrder, .forwardMode] {
        #expect(
          !mustDerive || report.count(aspect) > 0,
          "\(entry.fullName): \(aspect.rawValue) is not checked")
      }
    }
    let variants = OperatorRegistry.entries.count(where: \.isOut)
    print(
      "\(OperatorRegistry.entries.count) operators, \(variants) of them variants with 'out': "
        + "\(operators[.schema, default: 0]) checked with \(samples) samples, "
        + "\(differentiable) differentiable; \(operators[.gradients, default: 0]) at order 1, "
        + "\(operators[.secondOrder, default: 0]) at order 2, "
        + "\(operators[.forwardMode, default: 0]) in forward mode")
  }
}
