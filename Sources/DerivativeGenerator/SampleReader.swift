import SchemaLanguage
import Yams

/// Reads the sample arguments of an operator.
struct SampleReader {
  let context: CheckContext
  let schema: Schema

  func samples(_ node: Node) -> [Sample] {
    guard let list = node.sequence else {
      fail("samples: expected a list of argument lists ('- {self: [3, 4]}')", node)
      return []
    }
    return list.compactMap(sample)
  }

  private func sample(_ node: Node) -> Sample? {
    guard let mapping = node.mapping else {
      fail("samples: expected a map from argument to value", node)
      return nil
    }
    var sample = Sample()
    for (key, value) in mapping {
      let name = key.string ?? ""
      if name == "nonempty" {
        sample.nonempty = value.string == "all" ? Array(0..<8) : integers(value) ?? []
        continue
      }
      guard let index = schema.arguments.firstIndex(where: { $0.name == name }) else {
        fail(
          "sample: \(schema.fullName) has no argument '\(name)'"
            + suggestion(for: name, among: schema.arguments.map(\.name)), key)
        continue
      }
      if let parsed = self.value(value, schema.arguments[index].type) {
        sample.values.append((index, parsed))
      } else {
        fail(
          "sample: '\(name)' needs a value of type \(schema.arguments[index].type.spelling)", value)
      }
    }
    for argument in schema.arguments
    where argument.defaultValue == nil && mapping[argument.name] == nil {
      fail("sample: argument '\(argument.name)' is missing", node)
    }
    sample.values.sort { $0.argument < $1.argument }
    return sample
  }

  private func value(_ node: Node, _ type: ArgumentType) -> SampleValue? {
    if let literal = literal(node), literal.fits(type), !(type.isTensor && literal != .none) {
      return .literal(literal)
    }
    guard type.isTensor else { return nil }
    if type.isList {
      var element = type
      element.isList = false
      element.isOptional = type.hasOptionalElements
      guard let list = node.sequence else { return nil }
      let values = list.compactMap { value($0, element) }
      return values.count == list.count ? .tensors(values) : nil
    }
    return tensor(node).map { .tensor($0) }
  }

  private func tensor(_ node: Node) -> SampleTensor? {
    if node.sequence != nil { return integers(node).map { SampleTensor(shape: $0) } }
    guard let mapping = node.mapping else { return nil }
    var tensor = SampleTensor()
    for (key, value) in mapping {
      switch key.string {
      case "shape": tensor.shape = integers(value) ?? []
      case "low": tensor.low = value.float
      case "high": tensor.high = value.float
      case "dtype":
        tensor.dtype = value.string
        if !dtypeNames.contains(value.string ?? "") { fail("sample: unknown dtype", value) }
      case "values": tensor.values = numbers(value)
      case "contiguous": tensor.isContiguous = value.bool ?? false
      default:
        fail(
          "sample: unknown key '\(key.string ?? "")' (shape, low, high, dtype, values, contiguous)",
          key)
      }
    }
    if let values = mapping["values"], mapping["shape"] == nil { tensor.shape = extents(values) }
    return tensor
  }

  private func integers(_ node: Node) -> [Int]? {
    guard let list = node.sequence else { return nil }
    let values = list.compactMap(\.int)
    return values.count == list.count ? values : nil
  }

  private func numbers(_ node: Node) -> [Double] {
    if let list = node.sequence { return list.flatMap(numbers) }
    if let flag = node.bool { return [flag ? 1 : 0] }
    guard let number = node.float else {
      fail("sample: expected a number", node)
      return []
    }
    return [number]
  }

  private func extents(_ node: Node) -> [Int] {
    guard let list = node.sequence else { return [] }
    return [list.count] + (list.first.map(extents) ?? [])
  }

  private func literal(_ node: Node) -> Literal? {
    if let list = node.sequence {
      let elements = list.compactMap(literal)
      return elements.count == list.count ? .list(elements) : nil
    }
    return node.string.flatMap { $0.isEmpty ? Literal.none : Literal(word: $0) }
  }

  private func fail(_ message: String, _ node: Node) {
    context.error(message, at: node.position ?? Position(line: 1, column: 1))
  }
}
