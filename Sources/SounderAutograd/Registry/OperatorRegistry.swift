/// Every operator by name.
///
/// `OperatorRegistry.call("mul", [.tensor(a), 2.5])` finds the overload that takes these arguments;
/// `OperatorRegistry.entry("mul.Scalar")` names one.
public enum OperatorRegistry {
  /// All operators, sorted by full name.
  public static let entries: [OperatorEntry] = generatedEntries().sorted {
    $0.fullName < $1.fullName
  }

  private static let byFullName = Dictionary(
    entries.map { ($0.fullName, $0) }, uniquingKeysWith: { first, _ in first })

  /// The overloads of each base name, in the order of their declaration.
  private static let byName = Dictionary(grouping: generatedEntries(), by: \.name)

  /// The operator with the given full name (`mul.Tensor`), or the only one with the given base name.
  /// - Throws: ``OperatorError`` if there is none, or several.
  public static func entry(_ name: String) throws -> OperatorEntry {
    if let entry = byFullName[name] ?? byFullName["nn.functional.\(name)"] { return entry }
    if let registered = customOperator(name) { return registered.entry }
    let overloads = try overloads(of: name)
    guard overloads.count == 1 else {
      let names = overloads.map(\.fullName).joined(separator: ", ")
      throw OperatorError("operator '\(name)' has several overloads: \(names)")
    }
    return overloads[0]
  }

  /// The overloads of a base name, in the order in which a call tries them.
  /// - Throws: ``OperatorError`` if there are none.
  public static func overloads(of name: String) throws -> [OperatorEntry] {
    if let overloads = byName[name] ?? byName["nn.functional.\(name)"] { return overloads }
    let registered = customOperators.map(\.entry).filter { $0.name == name }
    if !registered.isEmpty { return registered }
    throw OperatorError("unknown operator '\(name)'\(suggestion(for: name))")
  }

  /// Calls an operator by full name, or by base name with the first overload that takes the arguments.
  /// - Parameters:
  ///   - name: `mul.Tensor` or `mul`.
  ///   - arguments: Positional arguments.
  ///   - named: Arguments by name.
  /// - Throws: ``OperatorError`` if no operator of that name takes the arguments; what it throws.
  public static func call(
    _ name: String, _ arguments: [OperatorArgument], named: [String: OperatorArgument] = [:]
  ) throws -> [Tensor] {
    try entry(name, taking: arguments, named: named)(arguments, named: named)
  }

  /// The operator that ``call(_:_:named:)`` would call.
  /// - Throws: ``OperatorError`` if no operator of that name takes the arguments.
  public static func entry(
    _ name: String, taking arguments: [OperatorArgument], named: [String: OperatorArgument] = [:]
  ) throws -> OperatorEntry {
    if let entry = byFullName[name], !entry.overload.isEmpty { return entry }
    if let registered = customOperator(name) { return registered.entry }
    let overloads = try overloads(of: name).filter { $0.isOut == (named["out"] != nil) }
    if overloads.count == 1 { return overloads[0] }
    guard let entry = overloads.first(where: { $0.accepts(arguments, named) }) else {
      let kinds =
        arguments.map(\.kind) + named.sorted { $0.key < $1.key }.map { "\($0): \($1.kind)" }
      throw OperatorError(
        "operator '\(name)': no overload takes (\(kinds.joined(separator: ", "))); there are "
          + overloads.map(\.schema).joined(separator: "; "))
    }
    return entry
  }

  private static func suggestion(for name: String) -> String {
    let limit = max(1, name.count / 3)
    let close = Set(byFullName.keys).union(byName.keys).union(customOperators.map(\.name))
      .map { ($0, editDistance(name, $0)) }.filter { $0.1 <= limit }
    guard let best = close.min(by: { ($0.1, $0.0) < ($1.1, $1.0) }) else { return "" }
    return "; did you mean '\(best.0)'?"
  }

  /// The number of insertions, deletions and substitutions between two names.
  private static func editDistance(_ a: String, _ b: String) -> Int {
    let b = Array(b)
    var last = Array(0...b.count)
    for (i, character) in a.enumerated() {
      var current = [i + 1]
      for j in b.indices {
        current.append(
          min(last[j] + (character == b[j] ? 0 : 1), last[j + 1] + 1, current[j] + 1))
      }
      last = current
    }
    return last[b.count]
  }
}
