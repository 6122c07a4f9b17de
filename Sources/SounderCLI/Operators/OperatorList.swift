import Sounder

/// The operators in a table.
struct OperatorList {
  let entries: [OperatorEntry]

  /// One line an operator, and the totals.
  var text: String {
    let names = max(8, entries.map(\.fullName.count).max() ?? 0)
    let derivatives = max(11, entries.map(\.derivatives.count).max() ?? 0)
    let lines = entries.map { entry in
      entry.fullName.padding(to: names) + "  " + entry.derivatives.padding(to: derivatives) + "  "
        + (entry.marks.map { "[\($0)] " }.joined()) + entry.schema
        + (entry.savedValues.isEmpty ? "" : "  saves \(entry.savedValues.joined(separator: ", "))")
    }
    let counts = [
      "\(entries.count) operators", "\(entries.count(where: \.hasReverse)) with reverse formulas",
      "\(entries.count(where: \.hasForward)) with forward formulas",
      "\(entries.count(where: \.isComposite)) composite",
      "\(entries.count(where: \.isView)) views",
      "\(entries.count { $0.inPlaceVariant != nil }) with an in-place variant",
    ]
    return lines.map { $0 + "\n" }.joined() + counts.joined(separator: ", ") + "\n"
  }

  var json: JSONValue {
    ["operators": .array(entries.map { OperatorExplanation(entry: $0).json })]
  }
}

extension OperatorEntry {
  /// What has derivatives: `reverse, forward`, `composite` or `none`.
  var derivatives: String {
    if isComposite { return parameters.contains { $0.kind == .tensor } ? "composite" : "none" }
    let modes = (hasReverse ? ["reverse"] : []) + (hasForward ? ["forward"] : [])
    return modes.isEmpty ? "none" : modes.joined(separator: ", ")
  }

  /// Whether gradients of gradients exist.
  var hasSecondOrder: Bool { hasReverse || derivatives == "composite" }

  /// The variant that changes its first argument; nil if there is none.
  var inPlaceVariant: String? {
    guard !isInPlace else { return nil }
    let variant = "\(name)_" + (overload.isEmpty ? "" : ".\(overload)")
    return (try? OperatorRegistry.entry(variant))?.isInPlace == true ? variant : nil
  }

  fileprivate var marks: [String] {
    (isView ? ["view"] : []) + (isInPlace ? ["in place"] : [])
      + (inPlaceVariant != nil ? ["+ in place"] : [])
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
