/// A parameter of an operator, as its schema declares it.
public struct OperatorParameter: Sendable {
  /// What a parameter, or an element of a list parameter, holds.
  public enum Kind: String, Sendable {
    case tensor = "Tensor"
    case scalar = "Scalar"
    case int
    case float
    case bool
    case string = "str"
    case dtype = "ScalarType"
    case stream = "RandomStream"
    case index = "Index"
    case intList = "int[]"
  }

  /// The name in the schema: `keep_dim`.
  public let name: String
  /// What the parameter, or each of its elements, holds.
  public let kind: Kind
  /// Whether the parameter is a list.
  public let isList: Bool
  /// The length of the list, if it is fixed: one number then stands for all elements.
  public let length: Int?
  /// Whether elements of the list may be absent.
  public let hasOptionalElements: Bool
  /// Whether the value may be absent.
  public let isOptional: Bool
  /// The value if none is given; nil if one must be.
  public let defaultValue: OperatorArgument?
  /// Whether the operator has a derivative with respect to the parameter.
  public let isDifferentiable: Bool

  init(
    _ name: String, _ kind: Kind, isList: Bool = false, length: Int? = nil,
    hasOptionalElements: Bool = false,
    isOptional: Bool = false, defaultValue: OperatorArgument? = nil, isDifferentiable: Bool = false
  ) {
    self.name = name
    self.kind = kind
    self.isList = isList
    self.length = length
    self.hasOptionalElements = hasOptionalElements
    self.isOptional = isOptional
    self.defaultValue = defaultValue
    self.isDifferentiable = isDifferentiable
  }

  /// The type as the schema spells it: `Tensor?[]`.
  public var type: String {
    let list = isList ? "[\(length.map(String.init) ?? "")]" : ""
    return kind.rawValue + (hasOptionalElements ? "?" : "") + list + (isOptional ? "?" : "")
  }

  /// Whether a value may be passed for the parameter.
  public func accepts(_ argument: OperatorArgument) -> Bool {
    switch argument {
    case .absent where isOptional: true
    case .list(let elements) where isList:
      (length == nil || elements.count == length)
        && elements.allSatisfy { element in
          if case .absent = element, hasOptionalElements { true } else { acceptsElement(element) }
        }
    default: !isList && acceptsElement(argument)
    }
  }

  /// The argument in the form the operator takes: for a list parameter one number, or one index,
  /// stands for a list.
  func completed(_ argument: OperatorArgument) -> OperatorArgument {
    guard isList else { return argument }
    switch argument {
    case .absent where kind != .index: return argument
    case .list(let elements) where kind == .index && Self.areNumbers(elements):
      // As Python's subscripts: a list of numbers picks, a list with anything else is a tuple.
      return .list([argument])
    case .list(let elements):
      if let length, elements.count == 1 {
        return .list(Array(repeating: elements[0], count: length))
      }
      return argument
    case .tensor where kind == .tensor: return argument
    default: return .list(Array(repeating: argument, count: length ?? 1))
    }
  }

  private static func areNumbers(_ elements: [OperatorArgument]) -> Bool {
    elements.allSatisfy { if case .scalar = $0 { true } else { false } }
  }

  private func acceptsElement(_ argument: OperatorArgument) -> Bool {
    switch (kind, argument) {
    case (.tensor, .tensor), (.scalar, .scalar), (.int, .scalar(.int)), (.float, .scalar(.int)),
      (.float, .scalar(.float)), (.bool, .scalar(.bool)), (.string, .string), (.dtype, .dtype),
      (.stream, .stream):
      true
    case (.intList, .list): [Int].value(of: argument) != nil
    case (.index, let index): TensorIndex.value(of: index) != nil
    default: false
    }
  }
}
