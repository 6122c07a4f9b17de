/// One layer of a model as a configuration describes it.
public struct LayerSpecification: Sendable, Hashable {
  /// The kind of layer, or the operator.
  public var kind: String
  /// The parameters that were given, in order.
  public var parameters: [Parameter]
  /// Where the layer stands; does not count when layers are compared.
  public var location: ConfigurationDiagnostic.Location?

  /// A parameter of a layer.
  public struct Parameter: Sendable, Hashable {
    /// The parameter's name.
    public var name: String
    /// Its value.
    public var value: ConfigurationValue
  }

  /// A layer with its parameters.
  public init(
    _ kind: String, _ parameters: [Parameter] = [],
    at location: ConfigurationDiagnostic.Location? = nil
  ) {
    self.kind = kind
    self.parameters = parameters
    self.location = location
  }

  /// Whether two layers are described alike.
  public static func == (a: Self, b: Self) -> Bool {
    a.kind == b.kind && a.parameters == b.parameters
  }

  /// Hashes what ``==(_:_:)`` compares.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    hasher.combine(parameters)
  }

  /// The layer as it is written in YAML: `relu`, or `conv2d: {out_channels: 32}`.
  public var yaml: String {
    let name = ConfigurationValue.string(kind).yaml
    if parameters.isEmpty { return name }
    let list = parameters.map { "\($0.name): \($0.value.yaml)" }.joined(separator: ", ")
    return "\(name): {\(list)}"
  }

  /// The layer as JSON.
  var json: JSONValue {
    if parameters.isEmpty { return .string(kind) }
    let members = parameters.map { ($0.name, $0.value.json) }
    return .object(JSONObject([(kind, .object(JSONObject(members)))]))
  }
}
