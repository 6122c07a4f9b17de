import SounderTrain

/// What became of one case.
public struct CaseOutcome: Sendable, Equatable {
  /// One kind of check that a case has.
  public struct Check: Sendable, Equatable {
    /// What was compared.
    public var kind: CheckKind
    /// What is wrong, in words; nil if everything agrees.
    public var failure: String?
  }

  /// The name of the case.
  public var id: String
  /// The checks, in order.
  public var checks: [Check]

  /// Whether everything agrees.
  public var passed: Bool { checks.allSatisfy { $0.failure == nil } }

  /// The checks that failed, those that failed alike on one line: `values, gradients: unknown operator`.
  public var failureLines: [String] {
    var lines: [(kinds: [String], failure: String)] = []
    for check in checks {
      guard let failure = check.failure else { continue }
      if let index = lines.firstIndex(where: { $0.failure == failure }) {
        lines[index].kinds.append(check.kind.rawValue)
      } else {
        lines.append(([check.kind.rawValue], failure))
      }
    }
    return lines.map { "\(id): \($0.kinds.joined(separator: ", ")): \($0.failure)" }
  }

  /// The outcome as JSON.
  var json: JSONValue {
    let members = checks.map { check in
      (check.kind.rawValue, check.failure.map(JSONValue.string) ?? .bool(true))
    }
    return ["id": .string(id), "passed": .bool(passed), "checks": .object(JSONObject(members))]
  }
}
