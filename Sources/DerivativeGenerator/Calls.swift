import SchemaLanguage

extension Schema {
  /// The parameters of the Swift function, without the receiver.
  var parameterList: String {
    let parameters = arguments.enumerated().dropFirst(isMethod ? 1 : 0).map { index, argument in
      let defaultValue = argument.defaultValue.map { " = \($0.swift(argument.type))" } ?? ""
      let label = label(index)
      let name = variable(argument.name)
      let head = label == nil ? "_ \(name)" : label == name ? name : "\(label ?? "_") \(name)"
      return "\(head): \(argument.type.swift)\(defaultValue)"
    }
    return parameters.joined(separator: ", ")
  }

  /// The label of an argument: none if it is required and positional.
  func label(_ index: Int) -> String? {
    let argument = arguments[index]
    return argument.isKeywordOnly || argument.defaultValue != nil ? camelCase(argument.name) : nil
  }

  /// A call of the Swift function, or of its in-place variant, with a value for each argument.
  func call(_ values: [String], _ variant: Variant = .functional) -> String {
    let name = functionName + (variant == .inPlace ? "_" : "")
    let parts = arguments.indices.dropFirst(isMethod ? 1 : 0).map { index in
      (label(index).map { "\($0): " } ?? "") + values[index]
    }
    let out = variant == .out ? ["out: out"] : []
    let receiver = isMethod ? values[0] : "Tensor"
    return "\(receiver).\(name)(\((parts + out).joined(separator: ", ")))"
  }

  /// How the formulas spell a saved value.
  func savedName(_ value: SavedValue) -> String {
    switch value {
    case .input(let index), .argument(let index): camelCase(arguments[index].name)
    case .inputProperty(let index, let property):
      "\(camelCase(arguments[index].name)).\(property.name)"
    case .output(let index): outputName(index)
    case .outputProperty(let index, let property): "\(outputName(index)).\(property.name)"
    }
  }
}
