import SchemaLanguage
import Yams

/// Reads one operator from YAML.
struct EntryReader {
  let context: CheckContext

  private static let options = [
    "func", "doc", "swift", "inplace", "view", "foreach", "kernel", "composite",
    "output_differentiability",
    "nondifferentiable", "samples",
  ]
  private static let reserved: Set<String> =
    ["result", "grad", "grads", "needs", "destination", "node", "pass", "name"]

  func entry(_ node: Node) -> Entry? {
    let position = node.position ?? Position(line: 1, column: 1)
    guard let mapping = node.mapping else {
      context.error("expected an operator ('func: …' and its formulas)", at: position)
      return nil
    }
    guard let declaration = mapping["func"] else {
      context.error("the entry has no 'func'", at: position)
      return nil
    }
    guard let text = located(declaration), var schema = schema(text) else { return nil }
    schema.swiftName = mapping["swift"].flatMap(located)?.text
    checkNames(schema, text, isComposite: mapping["composite"] != nil)
    var entry = Entry(
      position: text.position, schema: schema, kernel: schema.functionName,
      isOutputDifferentiable: schema.returns.map { _ in true })
    var tangents: [TangentFormula] = []
    for (key, value) in mapping {
      guard let name = located(key) else { continue }
      if Self.options.contains(name.text) {
        read(option: name.text, value, into: &entry)
      } else {
        readFormula(name, value, into: &entry, &tangents)
      }
    }
    if !tangents.isEmpty {
      entry.tangent = .formulas(tangents.sorted { $0.output < $1.output })
    }
    entry.reverse.sort { ($0.arguments.min() ?? 0) < ($1.arguments.min() ?? 0) }
    if mapping["doc"] == nil {
      context.error("\(schema.fullName) has no 'doc'", at: text.position)
    }
    return entry
  }

  private func schema(_ text: Located) -> Schema? {
    do {
      return try SchemaParser.parse(text.text)
    } catch {
      context.error(
        "schema: " + error.message
          + (error.misspelt.map { suggestion(for: $0.name, among: $0.known) } ?? ""),
        at: Position(line: text.position.line, column: text.position.column + error.offset))
      return nil
    }
  }

  /// An operator made of others has no formulas, in which the reserved names have their meaning.
  private func checkNames(_ schema: Schema, _ text: Located, isComposite: Bool) {
    let outputs = schema.returns.compactMap(\.name)
    for argument in schema.arguments {
      let position = context.source.position(of: argument.name, after: text.position)
      let isReserved = !isComposite && Self.reserved.contains(argument.name)
      if isReserved || Self.options.contains(argument.name) {
        context.error(
          "an argument cannot be named '\(argument.name)': the name is reserved", at: position)
      }
      if outputs.contains(argument.name) {
        context.error("argument '\(argument.name)' has the name of a result", at: position)
      }
    }
  }

  private func read(option: String, _ value: Node, into entry: inout Entry) {
    switch option {
    case "doc": entry.documentation = located(value)?.text ?? ""
    case "inplace": entry.hasInPlaceVariant = flag(option, value)
    case "foreach": entry.hasForeachVariant = flag(option, value)
    case "view": entry.isView = flag(option, value)
    case "kernel": entry.kernel = located(value)?.text ?? entry.kernel
    case "composite": entry.composite = located(value)
    case "output_differentiability": readOutputs(value, into: &entry)
    case "nondifferentiable": readNondifferentiable(value, into: &entry)
    case "samples":
      entry.samples = SampleReader(context: context, schema: entry.schema).samples(value)
    default: break
    }
  }

  private func readFormula(
    _ key: Located, _ value: Node, into entry: inout Entry, _ tangents: inout [TangentFormula]
  ) {
    let schema = entry.schema
    let names = key.text.split(separator: ",").map { $0.trimmed }
    guard let formula = located(value) else { return }
    if names.count == 1, let output = outputIndex(names[0], schema) {
      switch formula.text {
      case "auto_linear": entry.tangent = .linear
      case "auto_elementwise": entry.tangent = .elementwise
      default: tangents.append(TangentFormula(output: output, source: formula))
      }
      return
    }
    var arguments: [Int] = []
    for name in names {
      if let index = schema.arguments.firstIndex(where: { $0.name == name }) {
        arguments.append(index)
        continue
      }
      let outputs = schema.returns.indices.flatMap { schema.outputAliases($0) }
      context.error(
        "unknown key '\(name)': neither an option nor an argument nor a result of \(schema.fullName)"
          + suggestion(for: name, among: Self.options + schema.arguments.map(\.name) + outputs),
        at: context.source.position(of: name, after: key.position))
    }
    if !arguments.isEmpty, arguments.count == names.count {
      entry.reverse.append(ReverseRule(arguments: arguments, source: formula))
    }
  }

  private func outputIndex(_ name: String, _ schema: Schema) -> Int? {
    schema.returns.indices.first { index in
      schema.outputAliases(index).contains(name) || schema.returns[index].name == name
    }
  }

  private func readOutputs(_ value: Node, into entry: inout Entry) {
    let flags = value.sequence?.map { flag("output_differentiability", $0) } ?? []
    guard flags.count == entry.schema.returns.count else {
      let count = entry.schema.returns.count
      return context.error(
        "output_differentiability has \(flags.count) elements, \(entry.schema.fullName) has "
          + results(count), at: value.position ?? entry.position)
    }
    entry.isOutputDifferentiable = flags
    entry.declaresOutputs = true
  }

  private func readNondifferentiable(_ value: Node, into entry: inout Entry) {
    let arguments = entry.schema.arguments
    if value.string == "all" {
      entry.nondifferentiable = Set(arguments.indices.filter { arguments[$0].type.isTensor })
      return
    }
    guard let names = value.sequence?.compactMap(located) else {
      return context.error(
        "nondifferentiable: expected a list of arguments or 'all'",
        at: value.position ?? entry.position)
    }
    for name in names {
      if let index = arguments.firstIndex(where: { $0.name == name.text }) {
        entry.nondifferentiable.insert(index)
      } else {
        context.error(
          "\(entry.schema.fullName) has no argument '\(name.text)'"
            + suggestion(for: name.text, among: arguments.map(\.name)), at: name.position)
      }
    }
  }

  private func flag(_ option: String, _ node: Node) -> Bool {
    switch node.string {
    case "true": return true
    case "false": return false
    default:
      context.error(
        "\(option): expected true or false", at: node.position ?? Position(line: 1, column: 1))
      return false
    }
  }

  private func located(_ node: Node) -> Located? {
    let position = node.position ?? Position(line: 1, column: 1)
    guard let text = node.string, !text.isEmpty else {
      context.error("expected a text", at: position)
      return nil
    }
    return Located(text: text, position: position)
  }
}

extension Substring {
  var trimmed: String {
    var part = self
    while part.first?.isWhitespace == true { part.removeFirst() }
    while part.last?.isWhitespace == true { part.removeLast() }
    return String(part)
  }
}
