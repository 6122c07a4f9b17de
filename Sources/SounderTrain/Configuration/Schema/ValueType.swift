/// What a configuration key accepts: its type and the limits on its value.
public indirect enum ValueType: Sendable {
  /// `true` or `false`.
  case boolean
  /// A whole number between two limits.
  case integer(ClosedRange<Int>)
  /// A finite number between two limits.
  case number(NumberRange)
  /// Any text.
  case string
  /// One of a few words.
  case choice([String])
  /// A list of whole numbers, each between two limits, of limited length.
  case integers(ClosedRange<Int>, count: ClosedRange<Int>)
  /// The layers of a model.
  case layers
  /// Either of two types; used for `auto` beside a number.
  case either(ValueType, ValueType)
  /// `null`, or a value of the type.
  case optional(ValueType)
}

/// The interval that a number must lie in.
public struct NumberRange: Sendable {
  /// The lowest value, or nil when there is none.
  public var minimum: Double?
  /// The highest value, or nil when there is none.
  public var maximum: Double?
  /// Whether the lowest value itself is excluded.
  public var excludesMinimum = false
  /// Whether the highest value itself is excluded.
  public var excludesMaximum = false

  /// Numbers greater than zero.
  public static let positive = NumberRange(minimum: 0, excludesMinimum: true)
  /// Zero and greater.
  public static let nonNegative = NumberRange(minimum: 0)
  /// From zero to just below one.
  public static let fraction = NumberRange(minimum: 0, maximum: 1, excludesMaximum: true)
  /// From just above zero to just below one.
  public static let openFraction = NumberRange(
    minimum: 0, maximum: 1, excludesMinimum: true, excludesMaximum: true)
  /// From just above zero to one.
  public static let factor = NumberRange(minimum: 0, maximum: 1, excludesMinimum: true)
  /// Every finite number.
  public static let finite = NumberRange()

  /// Whether a number lies in the interval.
  public func contains(_ value: Double) -> Bool {
    if let minimum, excludesMinimum ? value <= minimum : value < minimum { return false }
    if let maximum, excludesMaximum ? value >= maximum : value > maximum { return false }
    return true
  }

  /// The condition in words a message can use (`>= 0 and < 1`).
  public var condition: String {
    var parts: [String] = []
    if let minimum { parts.append("\(excludesMinimum ? ">" : ">=") \(JSONValue.format(minimum))") }
    if let maximum { parts.append("\(excludesMaximum ? "<" : "<=") \(JSONValue.format(maximum))") }
    return parts.joined(separator: " and ")
  }
}

extension ValueType {
  /// The type in words, as the end of a sentence that begins with "expected".
  public var expectation: String {
    switch self {
    case .boolean: "true or false"
    case .integer(let range): "a whole number \(Self.limits(range))"
    case .number(let range):
      range.condition.isEmpty ? "a number" : "a number \(range.condition)"
    case .string: "a text"
    case .choice(let words): words.count == 1 ? words[0] : "one of \(words.joined(separator: ", "))"
    case .integers(let range, _): "a list of whole numbers \(Self.limits(range))"
    case .layers: "a list of layers, as in [flatten, {linear: {out_features: 10}}]"
    case .either(let a, let b): "\(a.expectation) or \(b.expectation)"
    case .optional(let type): "\(type.expectation), or null"
    }
  }

  /// The words that are accepted literally.
  var words: [String] {
    switch self {
    case .choice(let words): words
    case .either(let a, let b): a.words + b.words
    case .optional(let type): type.words
    case .boolean: ["true", "false"]
    default: []
    }
  }

  private static func limits(_ range: ClosedRange<Int>) -> String {
    range.upperBound == .max
      ? ">= \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
  }
}
