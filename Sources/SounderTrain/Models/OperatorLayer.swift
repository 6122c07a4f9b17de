import SounderArray
import SounderAutograd
import SounderNN

/// An operator applied as a layer: one tensor in, one tensor out, no parameters to learn.
public final class OperatorLayer: Module {
  private let entry: OperatorEntry
  private let arguments: [String: OperatorArgument]

  private init(_ entry: OperatorEntry, _ arguments: [String: OperatorArgument]) {
    self.entry = entry
    self.arguments = arguments
  }

  /// The operator's result.
  public override func forward(_ input: Tensor) -> Tensor {
    do {
      let results = try entry([.tensor(input)], named: arguments)
      require(results.count == 1, "\(entry.name): \(results.count) results, a layer has one")
      return results[0]
    } catch {
      require(false, "\(entry.name): \(error)")
      return input
    }
  }

  /// The names of the operators that can be layers.
  static var names: [String] {
    OperatorRegistry.entries.filter { isLayer($0) }.map {
      $0.name.hasPrefix(prefix) ? String($0.name.dropFirst(prefix.count)) : $0.name
    }
  }

  private static let prefix = "nn.functional."

  /// The operator of the given name as a kind of layer; nil if it cannot be one.
  static func kind(_ name: String) -> LayerKind? {
    guard let entries = try? OperatorRegistry.overloads(of: name),
      let entry = entries.first(where: { isLayer($0) })
    else { return nil }
    let parameters = entry.parameters.dropFirst().compactMap(parameter)
    return LayerKind(name, entry.documentation, parameters) { arguments, input throws(LayerError) in
      let values = values(entry, arguments)
      let output = try OperatorLayer(entry, values).output(input)
      return LayerPlan(output: output) { OperatorLayer(entry, values) }
    }
  }

  /// Whether an operator may stand in a list of layers: one of a single tensor, or a registered one.
  ///
  /// Others are not safe to try on any shape. Operators that programs register have a namespace of their
  /// own, `my::scale`.
  private static func isLayer(_ entry: OperatorEntry) -> Bool {
    guard entry.parameters.first?.kind == .tensor,
      entry.parameters.dropFirst().allSatisfy({ $0.kind != .tensor }), !entry.isInPlace,
      !entry.isOut, entry.differentiableOutputs.count == 1
    else { return false }
    if entry.name.contains("::") { return true }
    return entry.parameters.count == 1 && entry.parameters[0].isDifferentiable
      && entry.differentiableOutputs == [true] && !entry.isView && !entry.name.contains("linalg.")
  }

  private static func parameter(_ parameter: OperatorParameter) -> LayerParameter? {
    guard !parameter.isList else { return nil }
    let value: ConfigurationValue? =
      switch parameter.defaultValue {
      case .scalar(.int(let value))?: .integer(value)
      case .scalar(.float(let value))?: .number(value)
      case .scalar(.bool(let value))?: .bool(value)
      case .string(let value)?: .string(value)
      case nil: nil
      default: .null
      }
    let type: ValueType
    switch parameter.kind {
    case .int: type = .integer(Int.min...Int.max)
    case .float, .scalar: type = .number(.finite)
    case .bool: type = .boolean
    case .string: type = .string
    default: return nil
    }
    return LayerParameter(
      name: parameter.name, type: parameter.isOptional ? .optional(type) : type,
      defaultValue: value)
  }

  private static func values(
    _ entry: OperatorEntry, _ arguments: LayerArguments
  ) -> [String: OperatorArgument] {
    var values: [String: OperatorArgument] = [:]
    for parameter in entry.parameters.dropFirst() {
      switch arguments.value(parameter.name) {
      case .integer(let value)?: values[parameter.name] = .scalar(.int(value))
      case .number(let value)?: values[parameter.name] = .scalar(.float(value))
      case .bool(let value)?: values[parameter.name] = .scalar(.bool(value))
      case .string(let value)?: values[parameter.name] = .string(value)
      default: break
      }
    }
    return values
  }

  /// The shape of the result, found by trying one sample of zeros.
  private func output(_ input: LayerShape) throws(LayerError) -> LayerShape {
    try input.requireNumbers(entry.name)
    do {
      let results = try noGrad {
        try entry([.tensor(.zeros(Shape([1] + input.extents)))], named: arguments)
      }
      guard results.count == 1, results[0].rank >= 1, results[0].shape[0] == 1 else {
        throw LayerError(
          "the operator does not give one result for each sample, so it cannot be a layer")
      }
      return LayerShape(Array(results[0].shape.dropFirst()))
    } catch let error as LayerError { throw error } catch { throw LayerError("\(error)") }
  }
}
