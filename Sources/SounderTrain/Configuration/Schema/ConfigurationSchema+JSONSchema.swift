extension ConfigurationSchema {
  /// The schema as a JSON Schema document (draft 2020-12), for editors and other programs.
  public var jsonSchema: JSONValue {
    var properties = topFields.map { ($0.path[0], property($0)) }
    for section in sections {
      let inner = section.fields.map { ($0.path[1], property($0)) }
      let value: JSONObject = [
        "type": "object", "description": .string(section.doc), "additionalProperties": false,
        "properties": .object(JSONObject(inner)),
      ]
      properties.append((section.key, .object(value)))
    }
    return [
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": "Sounder configuration",
      "type": "object",
      "additionalProperties": false,
      "properties": .object(JSONObject(properties)),
    ]
  }

  private func property(_ field: ConfigurationField<Root>) -> JSONValue {
    .object(
      JSONObject(
        [("description", .string(field.doc))] + field.type.jsonSchema
          + [("default", field.read(defaults).json)]))
  }
}

extension ValueType {
  /// The members that describe the type in JSON Schema.
  var jsonSchema: [(String, JSONValue)] {
    switch self {
    case .boolean: return [("type", "boolean")]
    case .string: return [("type", "string")]
    case .choice(let words): return [("enum", .array(words.map(JSONValue.string)))]
    case .integer(let range): return [("type", "integer")] + Self.limits(range)
    case .number(let range):
      var members: [(String, JSONValue)] = [("type", "number")]
      if let minimum = range.minimum {
        members.append((range.excludesMinimum ? "exclusiveMinimum" : "minimum", .number(minimum)))
      }
      if let maximum = range.maximum {
        members.append((range.excludesMaximum ? "exclusiveMaximum" : "maximum", .number(maximum)))
      }
      return members
    case .integers(let range, let count):
      return [
        ("type", "array"), ("minItems", .integer(count.lowerBound)),
        ("maxItems", .integer(count.upperBound)),
        ("items", .object(JSONObject([("type", "integer")] + Self.limits(range)))),
      ]
    case .layers: return Self.layerList
    case .either(let a, let b):
      return [("anyOf", [.object(JSONObject(a.jsonSchema)), .object(JSONObject(b.jsonSchema))])]
    case .optional(let type):
      return [("anyOf", [.object(JSONObject(type.jsonSchema)), ["type": "null"]])]
    }
  }

  /// A layer is a word, or an object with one member: the kind with its parameters.
  private static var layerList: [(String, JSONValue)] {
    let kinds = LayerRegistry.kinds
    let objects = kinds.map { kind -> (String, JSONValue) in
      let properties = kind.parameters.map { parameter -> (String, JSONValue) in
        let value = parameter.defaultValue.map { [("default", $0.json)] } ?? []
        return (parameter.name, .object(JSONObject(parameter.type.jsonSchema + value)))
      }
      let required = kind.parameters.filter { $0.defaultValue == nil }.map(\.name)
      return (
        kind.name,
        [
          "type": "object", "description": .string(kind.documentation),
          "additionalProperties": false, "properties": .object(JSONObject(properties)),
          "required": .array(required.map(JSONValue.string)),
        ]
      )
    }
    let words = kinds.filter { $0.parameters.allSatisfy { $0.defaultValue != nil } }.map(\.name)
    return [
      ("type", "array"), ("minItems", 1),
      (
        "items",
        [
          "anyOf": [
            ["enum": .array((words + OperatorLayer.names).map(JSONValue.string))],
            [
              "type": "object", "minProperties": 1, "maxProperties": 1,
              "properties": .object(JSONObject(objects)),
            ],
          ]
        ]
      ),
    ]
  }

  private static func limits(_ range: ClosedRange<Int>) -> [(String, JSONValue)] {
    let lower: [(String, JSONValue)] = [("minimum", .integer(range.lowerBound))]
    return range.upperBound == .max ? lower : lower + [("maximum", .integer(range.upperBound))]
  }
}
