import SounderTrain

/// What became of all cases.
public struct ConformanceReport: Sendable {
  /// The outcomes of one operator.
  public struct Operator: Sendable {
    /// The operator's name.
    public var name: String
    /// Its cases.
    public var outcomes: [CaseOutcome]

    /// How many cases passed.
    public var passed: Int { outcomes.count { $0.passed } }

    /// How many checks of a kind passed, and how many there are.
    func count(_ kind: CheckKind) -> (passed: Int, total: Int) {
      let checks = outcomes.flatMap(\.checks).filter { $0.kind == kind }
      return (checks.count { $0.failure == nil }, checks.count)
    }
  }

  /// The operators, sorted by name.
  public var operators: [Operator]

  /// How many cases there are.
  public var total: Int { operators.reduce(0) { $0 + $1.outcomes.count } }
  /// How many cases passed.
  public var passed: Int { operators.reduce(0) { $0 + $1.passed } }

  /// The kinds of checks that occur.
  private var kinds: [CheckKind] {
    let present = Set(operators.flatMap { $0.outcomes.flatMap { $0.checks.map(\.kind) } })
    return CheckKind.allCases.filter(present.contains)
  }

  /// A table, the first failing cases of each operator, and the total.
  /// - Parameter failures: How many failing cases of an operator are described; 0 describes all.
  public func text(failures: Int) -> String {
    let width = max(8, operators.map(\.name.count).max() ?? 0)
    let kinds = kinds
    var lines = [row("operator", kinds.map(\.rawValue) + ["cases"], width)]
    for entry in operators {
      let counts = kinds.map { kind in
        let (passed, total) = entry.count(kind)
        return total == 0 ? "-" : "\(passed)/\(total)"
      }
      lines.append(row(entry.name, counts + ["\(entry.passed)/\(entry.outcomes.count)"], width))
      let failing = entry.outcomes.filter { !$0.passed }
      let shown = failures == 0 ? failing[...] : failing.prefix(failures)
      lines += shown.flatMap(\.failureLines).map { "  \($0)" }
      if shown.count < failing.count {
        lines.append("  … and \(failing.count - shown.count) further failing cases")
      }
    }
    lines.append("\(Self.grouped(passed)) of \(Self.grouped(total)) cases passed")
    return lines.joined(separator: "\n") + "\n"
  }

  /// The report as one JSON object.
  public var json: JSONValue {
    let kinds = kinds
    let entries = operators.map { entry -> JSONValue in
      let counts = kinds.map { kind -> (String, JSONValue) in
        let (passed, total) = entry.count(kind)
        return (kind.rawValue, ["passed": .integer(passed), "total": .integer(total)])
      }
      let failing = entry.outcomes.filter { !$0.passed }
      return [
        "op": .string(entry.name), "passed": .integer(entry.passed),
        "total": .integer(entry.outcomes.count), "checks": .object(JSONObject(counts)),
        "failures": .array(failing.map(\.json)),
      ]
    }
    return [
      "passed": .integer(passed), "total": .integer(total), "operators": .array(entries),
    ]
  }

  private func row(_ name: String, _ columns: [String], _ width: Int) -> String {
    name.padding(to: width) + columns.map { "  " + $0.leftPadding(to: 12) }.joined()
  }

  private static func grouped(_ number: Int) -> String {
    var digits = Array(String(number))
    for position in stride(from: digits.count - 3, to: 0, by: -3) {
      digits.insert(",", at: position)
    }
    return String(digits)
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }

  fileprivate func leftPadding(to width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }
}
