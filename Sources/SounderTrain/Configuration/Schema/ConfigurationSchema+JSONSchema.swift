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
    case .either(let a, let b):
      return [("anyOf", [.object(JSONObject(a.jsonSchema)), .object(JSONObject(b.jsonSchema))])]
    case .optional(let type):
      return [("anyOf", [.object(JSONObject(type.jsonSchema)), ["type": "null"]])]
    }
  }

  private static func limits(_ range: ClosedRange<Int>) -> [(String, JSONValue)] {
    let lower: [(String, JSONValue)] = [("minimum", .integer(range.lowerBound))]
    return range.upperBound == .max ? lower : lower + [("maximum", .integer(range.upperBound))]
  }
}
