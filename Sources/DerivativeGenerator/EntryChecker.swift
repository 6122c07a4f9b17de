import SchemaLanguage

/// Checks one operator and derives from its formulas what the emitter needs.
struct EntryChecker {
  let context: CheckContext

  func check(_ entry: Entry) -> Entry {
    var entry = entry
    checkVariants(entry)
    if let composite = entry.composite {
      checkComposite(entry, composite)
      return entry
    }
    checkArguments(&entry)
    analyse(&entry)
    checkGradients(&entry)
    checkTangents(entry)
    return entry
  }

  private func checkVariants(_ entry: Entry) {
    let name = entry.schema.fullName
    if entry.schema.returns.isEmpty {
      context.error("schema: \(name) has no result", at: entry.position)
    }
    if entry.composite == nil, entry.schema.returns.contains(where: \.isList) {
      context.error(
        "schema: \(name) returns a list; only composite operators can", at: entry.position)
    }
    if entry.hasForeachVariant,
      entry.schema.returns.count != 1 || !entry.schema.arguments.contains(where: \.type.isTensor)
        || entry.schema.arguments.contains(where: { $0.type.isTensor && $0.type.isList })
    {
      context.error(
        "foreach: \(name) must take single tensors and have one result", at: entry.position)
    }
    if entry.isView, !entry.schema.isMethod {
      context.error("view: the first argument of \(name) must be a Tensor", at: entry.position)
    }
    guard entry.hasInPlaceVariant else { return }
    if !entry.schema.isMethod {
      context.error("inplace: the first argument of \(name) must be a Tensor", at: entry.position)
    }
    if entry.schema.returns.count != 1 {
      context.error("inplace: \(name) must have exactly one result", at: entry.position)
    }
    if entry.isOutputDifferentiable == [false] {
      context.error(
        "inplace: the result of \(name) must be differentiable, or a saved tensor could change "
          + "unnoticed", at: entry.position)
    }
    if entry.isView {
      context.error("\(name) cannot be both 'inplace' and 'view'", at: entry.position)
    }
  }

  private func checkComposite(_ entry: Entry, _ composite: Located) {
    let hasTangent = if case .none = entry.tangent { false } else { true }
    if !entry.reverse.isEmpty || hasTangent || entry.hasInPlaceVariant {
      context.error(
        "\(entry.schema.fullName) is composite: its parts have the formulas, it takes none",
        at: entry.position)
    }
    _ = CompositeScope(schema: entry.schema).rewrite(composite, context)
  }

  /// Every tensor argument has exactly one formula, or is declared not to be differentiable.
  private func checkArguments(_ entry: inout Entry) {
    let schema = entry.schema
    var seen: Set<Int> = []
    for rule in entry.reverse {
      for index in rule.arguments {
        let argument = schema.arguments[index]
        let position = rule.source.position
        if !argument.type.isTensor {
          context.error(
            "'\(argument.name)' is a \(argument.type.spelling), only tensors have derivatives",
            at: position)
        }
        if entry.nondifferentiable.contains(index) {
          context.error(
            "'\(argument.name)' has a formula and is declared nondifferentiable", at: position)
        }
        if !seen.insert(index).inserted {
          context.error("'\(argument.name)' has two formulas", at: position)
        }
      }
    }
    entry.reverse.removeAll { rule in
      rule.arguments.contains { !schema.arguments[$0].type.isTensor }
    }
    for (index, argument) in schema.arguments.enumerated()
    where argument.type.isTensor && !seen.contains(index)
      && !entry.nondifferentiable.contains(index)
    {
      context.error(
        "argument '\(argument.name)' of \(schema.fullName) has neither a formula nor an entry in "
          + "'nondifferentiable'",
        at: context.source.position(of: argument.name, after: entry.position))
    }
  }

  private func analyse(_ entry: inout Entry) {
    let schema = entry.schema
    let candidates =
      ["grad", "grads", "needs", "destination"] + schema.arguments.map { camelCase($0.name) }
      + schema.returns.indices.flatMap { schema.outputAliases($0) }
    for index in entry.reverse.indices {
      var scope = ReverseScope(entry: entry, rule: entry.reverse[index])
      let text = FormulaCursor.rewrite(entry.reverse[index].source, candidates: candidates, context)
      {
        scope.resolve($0, &$1)
      }
      entry.reverse[index] = scope.rule
      entry.reverse[index].expression = text
      if scope.rule.arguments.count > 1, !scope.rule.usesNeeds {
        context.error(
          "a formula for several arguments must use 'needs', to compute only the gradients asked for",
          at: scope.rule.source.position)
      }
    }
  }

  private func checkGradients(_ entry: inout Entry) {
    guard let first = entry.reverse.first else { return }
    let name = entry.schema.fullName
    let usesGradient = entry.reverse.contains(where: \.usesGradient)
    let indexed = Set(entry.reverse.flatMap(\.indexedGradients))
    let position = first.source.position
    if !entry.isOutputDifferentiable.contains(true) {
      return context.error("\(name) has formulas but no differentiable result", at: position)
    }
    if usesGradient, !indexed.isEmpty {
      context.error("\(name) mixes 'grad' and 'grads[i]'", at: position)
    } else if indexed == [0] {
      context.error("\(name) uses only grads[0]: write 'grad'", at: position)
    } else if usesGradient, entry.isOutputDifferentiable.first == false {
      context.error("\(name) uses 'grad', but its first result is not differentiable", at: position)
    } else if usesGradient, entry.isOutputDifferentiable.count > 1 {
      if entry.isOutputDifferentiable.dropFirst().contains(true), entry.declaresOutputs {
        context.error(
          "\(name) uses 'grad', the gradient of the first result, but declares others differentiable: "
            + "use 'grads[i]'", at: position)
      }
      for index in 1..<entry.isOutputDifferentiable.count {
        entry.isOutputDifferentiable[index] = false
      }
    }
    for index in indexed.sorted()
    where index < entry.isOutputDifferentiable.count && !entry.isOutputDifferentiable[index] {
      context.error(
        "\(name) uses grads[\(index)], but that result is not differentiable", at: position)
    }
  }

  private func checkTangents(_ entry: Entry) {
    let name = entry.schema.fullName
    let outputs = entry.isOutputDifferentiable.indices.filter { entry.isOutputDifferentiable[$0] }
    switch entry.tangent {
    case .none: return
    case .linear, .elementwise:
      if outputs.count != 1 {
        context.error(
          "\(name): 'auto_linear' and 'auto_elementwise' need exactly one differentiable result",
          at: entry.position)
      }
      if case .elementwise = entry.tangent { checkElementwise(entry) }
    case .formulas(let formulas):
      if formulas.map(\.output) != outputs {
        context.error(
          "\(name) has \(formulas.count) tangent formulas for \(outputs.count) differentiable "
            + "results", at: formulas[0].source.position)
      }
      for formula in formulas {
        _ = TangentScope(schema: entry.schema).rewrite(formula.source, context)
      }
    }
    if entry.reverse.isEmpty {
      context.error(
        "\(name) has a tangent formula but no differentiable argument", at: entry.position)
    }
  }

  private func checkElementwise(_ entry: Entry) {
    for rule in entry.reverse
    where rule.arguments.count > 1 || entry.schema.arguments[rule.arguments[0]].type.isList {
      context.error(
        "'auto_elementwise' needs one formula for each argument", at: rule.source.position)
    }
  }
}
