import Foundation
import SounderArray

/// Checks an operator, registered or built in, with samples of its arguments.
///
/// Checked are the truth of the schema (no argument is changed or returned), the registration of its
/// derivative, gradients and gradients of gradients against differences, and forward mode against
/// reverse mode. Derivatives are checked with float64 and complex128.
///
/// ```swift
/// let report = try checkOperator("my::scale", samples: [[.tensor(x), 2.5]])
/// #expect(report.passed, "\(report.problems)")
/// ```
///
/// - Parameters:
///   - name: The name in the registry.
///   - samples: Positional arguments of the calls; those the operator was registered with if nil.
///   - order: 1, or 2 to check the gradients of gradients as well.
/// - Throws: ``OperatorError`` for an unknown operator, no samples, or arguments that don't fit.
@discardableResult
public func checkOperator(
  _ name: String, samples: [[OperatorArgument]]? = nil, order: Int = 2
) throws -> OperatorCheckReport {
  let entry = try OperatorRegistry.entry(name)
  let custom = OperatorRegistry.customOperator(name)
  let samples = try samples ?? custom?.samples ?? entry.sampleArguments()
  guard !samples.isEmpty else { throw OperatorError("\(name): there are no samples to check") }
  return OperatorCheckReport(
    name: entry.fullName,
    samples: try samples.map { arguments in
      OperatorCheck(
        entry: entry, custom: custom, arguments: try entry.completed(arguments, [:]), order: order
      ).findings()
    })
}

/// The check of one operator with one sample.
private struct OperatorCheck {
  let entry: OperatorEntry
  let custom: CustomOperator?
  let arguments: [OperatorArgument]
  let order: Int

  private struct Problem: Error, CustomStringConvertible {
    let description: String
  }

  func findings() -> [OperatorCheckReport.Finding] {
    OperatorCheckReport.Aspect.allCases.filter(applies).map { aspect in
      var problem: String?
      do { try check(aspect) } catch { problem = "\(error)" }
      return OperatorCheckReport.Finding(aspect: aspect, problem: problem)
    }
  }

  private func applies(_ aspect: OperatorCheckReport.Aspect) -> Bool {
    switch aspect {
    case .schema, .registration: true
    case .gradients: hasDerivative
    case .secondOrder: hasDerivative && order > 1
    case .forwardMode:
      hasDerivative && (custom.map { $0.isComposite || $0.entry.hasForward } ?? true)
    }
  }

  private func check(_ aspect: OperatorCheckReport.Aspect) throws {
    switch aspect {
    case .schema: try checkSchema()
    case .registration: try checkRegistration()
    case .gradients: try checkDerivatives(order: 1, forwardMode: false)
    case .secondOrder: try checkDerivatives(order: 2, forwardMode: false)
    case .forwardMode: try checkDerivatives(order: 1, forwardMode: true)
    }
  }
}

// Arguments.
extension OperatorCheck {
  /// Whether there are derivatives that differences can check.
  private var hasDerivative: Bool {
    let active = active
    let isRegistered = custom.map { $0.isComposite || $0.entry.hasReverse } ?? true
    return isRegistered && !entry.isOut && !active.isEmpty
      && entry.differentiableOutputs.contains(true)
  }

  /// The tensors that have derivatives, lists flattened.
  private var active: [Tensor] {
    zip(arguments, entry.parameters).filter(\.1.isDifferentiable)
      .flatMap(\.0.tensors).filter(\.dtype.isDifferentiable)
  }

  /// The arguments with each tensor replaced; what may be changed in place is a copy.
  private func arguments(_ replace: (Tensor, _ isActive: Bool) -> Tensor) -> [OperatorArgument] {
    func map(_ argument: OperatorArgument, _ isActive: Bool) -> OperatorArgument {
      switch argument {
      case .tensor(let tensor): .tensor(replace(tensor, isActive && tensor.dtype.isDifferentiable))
      case .list(let elements): .list(elements.map { map($0, isActive) })
      default: argument
      }
    }
    return zip(arguments, entry.parameters).map { map($0, $1.isDifferentiable) }
  }

  private func call(_ inputs: [Tensor]) throws -> [Tensor] {
    var next = inputs.makeIterator()
    var values = arguments { tensor, isActive in
      isActive ? entry.prepared(next.next() ?? tensor) : tensor
    }
    if entry.isInPlace, case .tensor(let receiver) = values[0] {
      values[0] = .tensor(receiver.clone())
    }
    return try entry.call(values)
  }

  /// Where a tensor stands, for messages: `argument 'xs'`.
  private func place(of index: Int) -> String {
    let owners = zip(arguments, entry.parameters).flatMap { argument, parameter in
      argument.tensors.map { _ in parameter.name }
    }
    return "argument '\(owners[index])'"
  }
}

// The checks.
extension OperatorCheck {
  private func checkSchema() throws {
    let values = arguments { tensor, isActive in
      Tensor((isActive ? entry.prepared(tensor) : tensor).array.copied())
    }
    let inputs = values.flatMap(\.tensors)
    let before = inputs.map { $0.array.copied() }
    let versions = inputs.map(\.version)
    let outputs = try noGrad { try entry.call(values) }
    for (index, input) in inputs.enumerated() {
      if mayChange(index, of: inputs.count) { continue }
      let array = input.array
      let size = array.count * array.dtype.byteSize
      if input.version != versions[index] || memcmp(array.pointer, before[index].pointer, size) != 0
      {
        throw Problem(description: "\(place(of: index)) is changed, which the schema does not say")
      }
    }
    // Some of the built-in composites return their argument when there is nothing to do.
    let mayShare = entry.isView || entry.isInPlace || entry.isOut || custom == nil
    for (position, output) in outputs.enumerated() where !mayShare && output.count > 0 {
      if let index = inputs.firstIndex(where: { $0.array.storage === output.array.storage }) {
        throw Problem(
          description: "result \(position) shares the memory of \(place(of: index)), which the "
            + "schema does not say")
      }
      if outputs[..<position].contains(where: { $0.array.storage === output.array.storage }) {
        throw Problem(description: "result \(position) shares the memory of an earlier result")
      }
    }
  }

  /// Whether the operator may write into a tensor among its arguments.
  private func mayChange(_ index: Int, of count: Int) -> Bool {
    if entry.isInPlace && index == 0 || entry.isOut && index == count - 1 { return true }
    // Running statistics, which PyTorch's functions update as well without saying so.
    return custom == nil && place(of: index).contains("'running_")
  }

  private func checkRegistration() throws {
    if let custom, !custom.isComposite { _ = try custom.formula.reverse(of: custom.name) }
    guard !entry.isOut, !active.isEmpty, entry.differentiableOutputs.contains(true) else { return }
    let leaves = try active.map { try Tensor($0.array.copied()).requiresGrad() }
    let outputs = try call(leaves)
    for (index, output) in outputs.enumerated() {
      let isDeclared =
        outputs.count == entry.differentiableOutputs.count
        ? entry.differentiableOutputs[index] : true
      if output.requiresGrad && !isDeclared {
        throw Problem(description: "result \(index) requires a gradient, which it should not have")
      }
    }
    guard outputs.contains(where: { $0.requiresGrad || !$0.dtype.isDifferentiable }) else {
      throw Problem(description: "no result requires a gradient although arguments do")
    }
    // Operators that have nothing to do return their argument itself.
    let plain = try noGrad { try call(leaves) }.filter { output in
      !leaves.contains { $0 === output }
    }
    if plain.contains(where: \.requiresGrad) {
      throw Problem(description: "a result requires a gradient inside noGrad")
    }
  }

  private func checkDerivatives(order: Int, forwardMode: Bool) throws {
    let inputs = active.map {
      Tensor($0.array.cast(to: $0.dtype.isComplex ? .complex128 : .float64))
    }
    let count = try noGrad { try call(inputs) }.count
    for position in 0..<count {
      if count == entry.differentiableOutputs.count, !entry.differentiableOutputs[position] {
        continue
      }
      let output = try noGrad { try call(inputs)[position] }
      if !output.dtype.isDifferentiable || output.count == 0 { continue }
      do {
        try checkGradients(
          of: { try call($0)[position] }, at: inputs, order: order, forwardMode: forwardMode)
      } catch let error as GradientCheckError {
        throw Problem(
          description: (count > 1 ? "result \(position): " : "") + "\(error.comparison)")
      }
    }
  }
}
