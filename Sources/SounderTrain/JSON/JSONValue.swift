/// A JSON document, or a part of one.
///
/// Members of objects keep their order, duplicate members are refused when read, and whole numbers
/// stay whole, none of which Foundation's coders promise.
public enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

/// The members of a JSON object, in order.
public struct JSONObject: Sendable, Hashable, ExpressibleByDictionaryLiteral {
  /// One name and its value.
  public struct Member: Sendable, Hashable {
    /// The name.
    public var name: String
    /// The value.
    public var value: JSONValue
  }

  /// The members, in order.
  public private(set) var members: [Member]

  /// An object with the members of a literal.
  public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }

  /// An object with the given members, whose names must differ.
  public init(_ pairs: [(String, JSONValue)] = []) {
    members = pairs.map { Member(name: $0.0, value: $0.1) }
  }

  /// The value of a member; setting replaces or appends it, nil removes it.
  public subscript(name: String) -> JSONValue? {
    get { members.first { $0.name == name }?.value }
    set {
      let index = members.firstIndex { $0.name == name }
      switch (index, newValue) {
      case (let index?, let value?): members[index].value = value
      case (let index?, nil): members.remove(at: index)
      case (nil, let value?): members.append(Member(name: name, value: value))
      case (nil, nil): break
      }
    }
  }
}

extension JSONValue {
  /// The members, if the value is an object.
  public var object: JSONObject? { if case .object(let object) = self { object } else { nil } }
  /// The elements, if the value is an array.
  public var array: [JSONValue]? { if case .array(let array) = self { array } else { nil } }
  /// The text, if the value is a string.
  public var string: String? { if case .string(let string) = self { string } else { nil } }
  /// The value, if it is a whole number.
  public var integer: Int? { if case .integer(let integer) = self { integer } else { nil } }
  /// The value, if it is a number.
  public var number: Double? {
    switch self {
    case .integer(let integer): Double(integer)
    case .number(let number): number
    default: nil
    }
  }
  /// The value of a member, if the value is an object that has it.
  public subscript(name: String) -> JSONValue? { object?[name] }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A whole number.
  public init(integerLiteral value: Int) { self = .integer(value) }
  /// A number.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An array.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  /// An object.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(JSONObject(elements))
  }
}
