import SchemaLanguage

extension Entry {
  /// The operators that follow from this one: a view's copying twin, and the variant on lists.
  var twins: [Entry] {
    (isView && composite == nil && schema.returns.count == 1 ? [copyingTwin] : [])
      + (hasForeachVariant ? [foreachTwin] : [])
  }

  /// `view_copy` for `view`: the same derivatives, with memory of its own.
  private var copyingTwin: Entry {
    var twin = self
    twin.rename(to: schema.name + "_copy")
    twin.documentation += "\nCopies the elements instead of sharing their memory."
    twin.isView = false
    twin.copiesView = true
    return twin
  }

  /// `_foreach_mul` for `mul`: every tensor becomes a list, and the scalar operator, with its formula,
  /// is applied to the elements of equal index.
  private var foreachTwin: Entry {
    var twin = Entry(
      position: position, schema: schema, kernel: kernel,
      isOutputDifferentiable: isOutputDifferentiable)
    let lists = schema.arguments.indices.filter { schema.arguments[$0].type.isTensor }
    for index in lists {
      twin.schema.arguments[index].type.hasOptionalElements =
        schema.arguments[index].type.isOptional
      twin.schema.arguments[index].type.isOptional = false
      twin.schema.arguments[index].type.isList = true
    }
    twin.schema.returns = [Return(name: nil, isList: true)]
    twin.schema.swiftName = nil
    twin.rename(to: "_foreach_" + schema.plainName)
    twin.documentation =
      documentation + "\nApplied to each element of the lists, which have one length."
    twin.nondifferentiable = nondifferentiable
    let names = schema.arguments.map { camelCase($0.name) }
    let values = names.indices.map { lists.contains($0) ? names[$0] + "[$0]" : names[$0] }
    let all = lists.map { "\(names[$0]).count" }.joined(separator: ", ")
    twin.composite = Located(
      text: "foreachIndices(\(quoted(twin.schema.name)), [\(all)]).map { \(schema.call(values)) }",
      position: position)
    twin.samples = samples.map { sample in
      Sample(
        values: sample.values.map { argument, value in
          (argument, lists.contains(argument) ? .tensors([value, value]) : value)
        }, nonempty: sample.nonempty)
    }
    return twin
  }

  private mutating func rename(to name: String) {
    if schema.swiftName != nil { schema.swiftName = camelCase(name) }
    schema.name = name
    let parameters = schema.arguments.map(\.spelling)
    let firstKeyword = schema.arguments.firstIndex(where: \.isKeywordOnly)
    let listed =
      firstKeyword.map { Array(parameters[..<$0]) + ["*"] + Array(parameters[$0...]) } ?? parameters
    let results = schema.returns.map { result in
      "Tensor" + (result.isList ? "[]" : "") + (result.name.map { " " + $0 } ?? "")
    }
    let result = results.count == 1 ? results[0] : "(\(results.joined(separator: ", ")))"
    schema.text = "\(schema.fullName)(\(listed.joined(separator: ", "))) -> \(result)"
  }
}

extension Argument {
  /// The declaration of the argument in a schema: `int dim=0`.
  fileprivate var spelling: String {
    "\(type.spelling) \(name)" + (defaultValue.map { "=\($0.spelling)" } ?? "")
  }
}

extension Literal {
  /// The value as a schema spells it.
  fileprivate var spelling: String {
    switch self {
    case .none: "None"
    case .bool(let value): value ? "True" : "False"
    case .int(let value): "\(value)"
    case .float(let value): "\(value)"
    case .string(let value): "'\(value)'"
    case .list(let elements): "[" + elements.map(\.spelling).joined(separator: ", ") + "]"
    }
  }
}
