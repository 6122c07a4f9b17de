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

  @Test("Every operator keeps its promises at orders 1 and 2 and in forward mode")
  func count() throws {
    var operators: [OperatorCheckReport.Aspect: Int] = [:]
    var samples = 0
    var differentiable = 0
    for entry in OperatorRegistry.entries {
      let arguments = try entry.sampleArguments()
      let mustDerive = Self.isDifferentiable(entry)
      if mustDerive { differentiable += 1 }
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
