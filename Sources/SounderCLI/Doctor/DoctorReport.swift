import Sounder

/// What `sounder doctor` found: facts by topic, and checks with advice.
struct DoctorReport {
  /// One fact.
  struct Fact {
    var name: String
    var value: JSONValue
    /// The fact as people read it, if that differs from the value.
    var text: String?
  }

  /// The outcome of one check.
  struct Check {
    enum Outcome: String {
      case ok, warning, error
    }

    var name: String
    var outcome: Outcome
    /// What was found, and what to do if it is not as it should be.
    var message: String
  }

  /// Facts by topic, in order.
  var topics: [(name: String, facts: [Fact])] = []
  /// The checks.
  var checks: [Check] = []

  /// Whether something is broken.
  var hasErrors: Bool { checks.contains { $0.outcome == .error } }

  /// The report for people.
  var text: String {
    var lines: [String] = []
    for (name, facts) in topics {
      lines.append(name)
      for fact in facts {
        let value = fact.text ?? fact.value.string ?? fact.value.compact
        lines.append("  \(fact.name.padded(to: 18)) \(value)")
      }
    }
    lines.append("checks")
    for check in checks {
      lines.append("  \(check.outcome.rawValue.padded(to: 8)) \(check.name): \(check.message)")
    }
    return lines.joined(separator: "\n")
  }

  /// The report for programs.
  var json: JSONValue {
    var members = topics.map { topic in
      (topic.name, JSONValue.object(JSONObject(topic.facts.map { ($0.name, $0.value) })))
    }
    let checks = checks.map { check -> JSONValue in
      [
        "name": .string(check.name), "outcome": .string(check.outcome.rawValue),
        "message": .string(check.message),
      ]
    }
    members.append(("checks", .array(checks)))
    return .object(JSONObject(members))
  }
}

extension String {
  /// The text followed by spaces up to a width.
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
