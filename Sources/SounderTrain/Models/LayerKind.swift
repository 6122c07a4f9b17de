import SounderNN

/// A kind of layer that configurations can name.
///
/// ```swift
/// LayerRegistry.register(
///   LayerKind("scale", "Multiplies by a number.", [.number("factor", default: 1)]) {
///     arguments, input in
///     let factor = arguments.number("factor")
///     return LayerPlan(output: input) { Scale(factor) }
///   })
/// ```
/// A configuration then says `- scale: {factor: 2}`.
public struct LayerKind: Sendable {
  /// The name in configurations.
  public let name: String
  /// One sentence for readers of the schema.
  public let documentation: String
  /// What may be given.
  public let parameters: [LayerParameter]
  /// What becomes of an input of the given shape; throws ``LayerError`` if it does not fit.
  let plan: @Sendable (LayerArguments, LayerShape) throws(LayerError) -> LayerPlan

  /// A kind of layer.
  public init(
    _ name: String, _ documentation: String, _ parameters: [LayerParameter] = [],
    plan: @escaping @Sendable (LayerArguments, LayerShape) throws(LayerError) -> LayerPlan
  ) {
    self.name = name
    self.documentation = documentation
    self.parameters = parameters
    self.plan = plan
  }
}

/// A layer whose shapes are known but whose parameters do not exist yet.
public struct LayerPlan: Sendable {
  /// The shape of what the layer gives.
  public let output: LayerShape
  /// Makes the layer.
  public let make: @Sendable () -> Module

  /// A plan.
  public init(output: LayerShape, make: @escaping @Sendable () -> Module) {
    self.output = output
    self.make = make
  }
}

/// A layer that cannot be applied to its input.
public struct LayerError: Error, Sendable, CustomStringConvertible {
  /// What does not fit.
  public let description: String

  /// An error with its message.
  public init(_ description: String) { self.description = description }
}

/// A parameter of a kind of layer.
public struct LayerParameter: Sendable {
  /// The name in configurations.
  public let name: String
  /// What is accepted.
  public let type: ValueType
  /// The value when none is given; nil if one must be.
  public let defaultValue: ConfigurationValue?

  /// A whole number.
  public static func integer(
    _ name: String, in range: ClosedRange<Int> = 1...1_048_576, default value: Int? = nil
  ) -> Self {
    Self(
      name: name, type: .integer(range), defaultValue: value.map(ConfigurationValue.integer))
  }

  /// A whole number that the layer chooses when none is given.
  public static func inferred(_ name: String, in range: ClosedRange<Int> = 1...1_048_576) -> Self {
    Self(name: name, type: .optional(.integer(range)), defaultValue: .null)
  }

  /// A number.
  public static func number(
    _ name: String, _ range: NumberRange = .finite, default value: Double? = nil
  ) -> Self {
    Self(name: name, type: .number(range), defaultValue: value.map(ConfigurationValue.number))
  }

  /// True or false.
  public static func flag(_ name: String, default value: Bool) -> Self {
    Self(name: name, type: .boolean, defaultValue: .bool(value))
  }

  /// A text out of several.
  public static func choice(_ name: String, _ words: [String], default value: String) -> Self {
    Self(name: name, type: .choice(words), defaultValue: .string(value))
  }
}

/// The values of a layer's parameters, defaults included.
public struct LayerArguments: Sendable {
  private let values: [String: ConfigurationValue]
  /// The number of outputs that the data want, for a last layer that leaves it open.
  public let dataOutputs: Int

  init(_ kind: LayerKind, _ given: LayerSpecification, dataOutputs: Int) {
    var values: [String: ConfigurationValue] = [:]
    for parameter in kind.parameters { values[parameter.name] = parameter.defaultValue }
    for parameter in given.parameters { values[parameter.name] = parameter.value }
    self.values = values
    self.dataOutputs = dataOutputs
  }

  /// A whole number; 0 if there is none.
  public func integer(_ name: String) -> Int { optionalInteger(name) ?? 0 }

  /// A whole number that may be left open.
  public func optionalInteger(_ name: String) -> Int? {
    if case .integer(let value)? = values[name] { value } else { nil }
  }

  /// A number; 0 if there is none.
  public func number(_ name: String) -> Double {
    switch values[name] {
    case .number(let value)?: value
    case .integer(let value)?: Double(value)
    default: 0
    }
  }

  /// The value of a parameter as the configuration has it.
  func value(_ name: String) -> ConfigurationValue? { values[name] }

  /// True or false.
  public func flag(_ name: String) -> Bool { values[name] == .bool(true) }

  /// A text.
  public func text(_ name: String) -> String {
    if case .string(let value)? = values[name] { value } else { "" }
  }
}
