import SchemaLanguage

extension Entry {
  /// The arguments that hold a list of tensors and get gradients.
  var differentiableLists: [Int] { differentiable.filter { schema.arguments[$0].type.isList } }

  /// The node's field that holds the length of a tensor list.
  func lengthField(_ list: Int) -> String { schema.field(.inputProperty(list, .one("count"))) }

  /// The number of the edge of an argument, or of the first tensor of a list, as the node spells it.
  func edge(_ argument: Int) -> String { edge(argument, length: lengthField) }

  /// The number of an edge, with `length` to spell how long a list before it is.
  func edge(_ argument: Int, length: (Int) -> String) -> String {
    let before = differentiable.prefix { $0 != argument }
    let single = before.count { !schema.arguments[$0].type.isList }
    let lists = before.filter { schema.arguments[$0].type.isList }.map(length)
    return sum(single, lists)
  }

  /// How many edges a node has.
  var edgeCount: String {
    let single = differentiable.count { !schema.arguments[$0].type.isList }
    return sum(single, differentiableLists.map(lengthField))
  }

  /// Whether the gradient of an argument was asked for; for a list, of each tensor.
  func needs(_ argument: Int) -> String {
    guard schema.arguments[argument].type.isList else { return "pass.needs(\(edge(argument)))" }
    return "(0..<\(lengthField(argument))).map { pass.needs(\(listEdge(argument, "$0"))) }"
  }

  /// Whether the gradient of an argument, or of any tensor of a list, was asked for.
  func needsAny(_ argument: Int) -> String {
    guard schema.arguments[argument].type.isList else { return needs(argument) }
    return
      "(0..<\(lengthField(argument))).contains(where: { pass.needs(\(listEdge(argument, "$0"))) })"
  }

  /// The edge of one tensor of a list.
  func listEdge(_ argument: Int, _ index: String) -> String {
    edge(argument) == "0" ? index : "\(edge(argument)) + \(index)"
  }

  private func sum(_ single: Int, _ lists: [String]) -> String {
    let parts = (single == 0 && !lists.isEmpty ? [] : ["\(single)"]) + lists
    return parts.joined(separator: " + ")
  }
}
