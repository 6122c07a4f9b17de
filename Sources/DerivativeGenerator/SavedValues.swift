import SchemaLanguage

/// Something the graph node keeps for the backward pass.
enum SavedValue: Hashable {
  /// A tensor argument as a whole.
  case input(Int)
  /// A property of a tensor argument; keeps no tensor alive.
  case inputProperty(Int, Property)
  case output(Int)
  case outputProperty(Int, Property)
  /// An argument that is not a tensor.
  case argument(Int)
}

/// A property of a tensor that may be saved in its place.
enum Property: Hashable {
  case one(String)
  /// The property of every tensor of a list: `tensors.shapes`.
  case each(String)

  /// The properties of one tensor with their Swift types.
  static let types = [
    "shape": "Shape", "dtype": "DType", "rank": "Int", "count": "Int", "strides": "Strides",
    "storageOffset": "Int",
  ]

  /// The property a formula spells `name`, for a tensor or a list of tensors.
  init?(_ name: String, ofList isList: Bool) {
    if !isList {
      guard Self.types[name] != nil else { return nil }
      self = .one(name)
    } else if name == "count" {
      self = .one(name)
    } else {
      let singular = name.hasSuffix("s") ? String(name.dropLast()) : name
      guard ["shape", "dtype", "rank"].contains(singular), singular != name else { return nil }
      self = .each(singular)
    }
  }

  /// The name in a formula.
  var name: String {
    switch self {
    case .one(let name): name
    case .each(let name): name + "s"
    }
  }

  /// The type in Swift.
  var type: String {
    switch self {
    case .one(let name): Self.types[name, default: "Int"]
    case .each(let name): "[\(Self.types[name, default: "Int"])]"
    }
  }
}

extension Schema {
  /// The node's field for a saved value.
  func field(_ value: SavedValue) -> String {
    switch value {
    case .input(let index), .argument(let index): variable(arguments[index].name)
    case .inputProperty(let index, let property):
      camelCase("\(arguments[index].name)_\(property.name)")
    case .output(let index): outputName(index)
    case .outputProperty(let index, let property):
      camelCase("\(outputName(index))_\(property.name)")
    }
  }

  /// The field's type.
  func fieldType(_ value: SavedValue) -> String {
    switch value {
    case .input(let index): arguments[index].type.isList ? "[SavedTensor]" : "SavedTensor"
    case .output: "SavedTensor"
    case .argument(let index): arguments[index].type.swift
    case .inputProperty(let index, let property):
      property.type + (arguments[index].type.isOptional ? "?" : "")
    case .outputProperty(_, let property): property.type
    }
  }
}

/// Derives from a reverse formula what must be saved, and rewrites it for the node's `apply`.
///
/// A tensor is saved as a whole only if the formula uses it as a tensor; of `x.shape` the shape is
/// saved, under the name `xShape`.
struct ReverseScope {
  let entry: Entry
  var rule: ReverseRule

  mutating func resolve(_ name: String, _ cursor: inout FormulaCursor) -> String? {
    let schema = entry.schema
    switch name {
    case "grad":
      rule.usesGradient = true
      return "grad"
    case "grads": return indexedGradient(&cursor)
    case "needs":
      rule.usesNeeds = true
      return needs(&cursor)
    case "destination": return destination(&cursor)
    default: break
    }
    if let index = schema.arguments.firstIndex(where: { camelCase($0.name) == name }) {
      let type = schema.arguments[index].type
      guard type.isTensor else { return save(.argument(index)) }
      if let property = cursor.takeProperty(ofList: type.isList) {
        return save(.inputProperty(index, property))
      }
      return save(.input(index))
    }
    for index in schema.returns.indices where schema.outputAliases(index).contains(name) {
      if let property = cursor.takeProperty(ofList: false) {
        return save(.outputProperty(index, property))
      }
      return save(.output(index))
    }
    return nil
  }

  private mutating func save(_ value: SavedValue) -> String {
    if !rule.saved.contains(value) { rule.saved.append(value) }
    return entry.schema.field(value)
  }

  private mutating func indexedGradient(_ cursor: inout FormulaCursor) -> String {
    guard let index = cursor.takeSubscript() else {
      cursor.fail("'grads' must be followed by the number of a result, as in 'grads[1]'")
      return "grads"
    }
    let count = entry.schema.returns.count
    if index >= count {
      cursor.fail("grads[\(index)] is out of range: \(entry.schema.fullName) has \(results(count))")
    }
    if !rule.indexedGradients.contains(index) {
      rule.indexedGradients.append(index)
    }
    return "grad\(index)"
  }

  private func needs(_ cursor: inout FormulaCursor) -> String {
    guard let member = cursor.takeMember() else {
      let parts = rule.arguments.map { index in
        "\(camelCase(entry.schema.arguments[index].name)): \(entry.needs(index))"
      }
      return rule.arguments.count == 1
        ? entry.needs(rule.arguments[0]) : "(" + parts.joined(separator: ", ") + ")"
    }
    guard let index = argument(member, &cursor) else { return "needs" }
    return entry.needs(index)
  }

  private func destination(_ cursor: inout FormulaCursor) -> String {
    if let member = cursor.takeMember() {
      guard let index = argument(member, &cursor) else { return "destination" }
      return "pass.destination(\(entry.edge(index)))"
    }
    if rule.arguments.count > 1 {
      cursor.fail("a formula for several arguments must say whose: 'destination.weight'")
    }
    return "pass.destination(\(entry.edge(rule.arguments[0])))"
  }

  private func argument(_ member: String, _ cursor: inout FormulaCursor) -> Int? {
    let names = entry.differentiable.map { camelCase(entry.schema.arguments[$0].name) }
    if let position = names.firstIndex(of: member) { return entry.differentiable[position] }
    cursor.fail(
      "'\(member)' is no argument with a formula (\(names.joined(separator: ", ")))"
        + suggestion(for: member, among: names))
    return nil
  }
}

/// "1 result", "3 results".
func results(_ count: Int) -> String { count == 1 ? "1 result" : "\(count) results" }
