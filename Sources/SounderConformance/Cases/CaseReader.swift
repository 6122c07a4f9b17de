import SounderArray
import SounderAutograd
import SounderTrain

/// Reads the cases of one operator from its JSON document.
struct CaseReader {
  let path: String
  let arrays: [String: NDArray]
  /// The case being read, for messages.
  var id = ""

  init(path: String, arrays: [String: NDArray]) {
    self.path = path
    self.arrays = arrays
  }

  func cases(_ document: JSONValue) throws(DataError) -> [ConformanceCase] {
    guard document["op"]?.string != nil, let cases = document["cases"]?.array else {
      throw damage("expected an object with 'op' and 'cases'")
    }
    var result: [ConformanceCase] = []
    for (index, value) in cases.enumerated() {
      guard let id = value["id"]?.string else { throw damage("case \(index) has no 'id'") }
      var reader = self
      reader.id = id
      result.append(try reader.conformanceCase(value))
    }
    return result
  }

  private func damage(_ problem: String) -> DataError {
    DataError(path: path, problem: id.isEmpty ? problem : "case '\(id)': \(problem)")
  }

  private func conformanceCase(_ value: JSONValue) throws(DataError) -> ConformanceCase {
    var result = ConformanceCase(
      id: id, arguments: try list(value, "args", argument), named: [],
      outputs: try list(value, "outputs", tensor))
    for member in try members(value, "kwargs") {
      result.named.append((member.name, try argument(member.value)))
    }
    let leaves = Self.leafCount(result.arguments + result.named.map(\.value))
    func checkCount(_ count: Int, _ what: String) throws(DataError) {
      if count != leaves { throw damage("\(count) \(what) for \(leaves) arguments that need one") }
    }
    if value["grads"] != nil {
      result.cotangents = try indexed(value, "cotangents", below: result.outputs.count, tensor)
      let gradients = try list(value, "grads", optionalTensor)
      try checkCount(gradients.count, "gradients")
      result.gradients = gradients
    }
    if let second = value["second"] {
      let gradients = try list(second, "grads", optionalTensor)
      try checkCount(gradients.count, "second-order gradients")
      result.secondOrder = ConformanceCase.SecondOrder(
        cotangents: try indexed(second, "cotangents", below: leaves, tensor), gradients: gradients)
      if result.gradients == nil { throw damage("'second' without 'grads'") }
    }
    if value["tangents"] != nil {
      let tangents = try list(value, "tangents", tensor)
      try checkCount(tangents.count, "tangents")
      result.tangents = tangents
      result.outputTangents = try indexed(
        value, "jvp", below: result.outputs.count, optionalTensor)
    }
    return result
  }

  private static func leafCount(_ arguments: [StoredArgument]) -> Int {
    arguments.reduce(0) { count, argument in
      switch argument {
      case .tensor(let tensor): count + (tensor.requiresGrad ? 1 : 0)
      case .list(let elements): count + leafCount(elements)
      default: count
      }
    }
  }

  private func members(
    _ value: JSONValue, _ name: String
  ) throws(DataError) -> [JSONObject.Member] {
    guard let object = value[name]?.object else { throw damage("'\(name)' is not an object") }
    return object.members
  }

  private func list<Element>(
    _ value: JSONValue, _ name: String, _ read: (JSONValue) throws(DataError) -> Element
  ) throws(DataError) -> [Element] {
    guard let elements = value[name]?.array else { throw damage("'\(name)' is not a list") }
    var result: [Element] = []
    for element in elements { result.append(try read(element)) }
    return result
  }

  private func indexed<Element>(
    _ value: JSONValue, _ name: String, below count: Int,
    _ read: (JSONValue) throws(DataError) -> Element
  ) throws(DataError) -> [Int: Element] {
    var result: [Int: Element] = [:]
    for member in try members(value, name) {
      guard let index = Int(member.name), (0..<count).contains(index) else {
        throw damage("'\(name)' has the member '\(member.name)', expected an index below \(count)")
      }
      result[index] = try read(member.value)
    }
    return result
  }

  private func optionalTensor(_ value: JSONValue) throws(DataError) -> StoredTensor? {
    value == .null ? nil : try tensor(value)
  }

  private func tensor(_ value: JSONValue) throws(DataError) -> StoredTensor {
    guard let key = value["tensor"]?.string, let typeName = value["dtype"]?.string,
      let extents = value["shape"]?.array
    else { throw damage("a tensor needs 'tensor', 'dtype' and 'shape'") }
    guard let dtype = DType(name: typeName) else {
      throw damage("'\(key)' has the element type \(typeName), which is not supported")
    }
    var shape: [Int] = []
    for extent in extents {
      guard let extent = extent.integer, extent >= 0 else { throw damage("'\(key)': a bad shape") }
      shape.append(extent)
    }
    guard shape.count <= Shape.maximumRank - (dtype.isComplex ? 1 : 0) else {
      throw damage("'\(key)' has \(shape.count) dimensions, which is not supported")
    }
    guard let array = arrays[key] else {
      throw damage("the tensor '\(key)' is not in the safetensors file")
    }
    let stored = dtype.isComplex ? shape + [2] : shape
    let storedType: DType = dtype.isComplex ? dtype.realPart : dtype
    guard Array(array.shape) == stored, array.dtype == storedType else {
      throw damage(
        "'\(key)' is \(array.dtype)\(array.shape) in the safetensors file, expected "
          + "\(storedType)\(stored)")
    }
    let view = NDArray(
      storage: array.storage, dtype: dtype, shape: Shape(shape),
      strides: Shape(shape).contiguousStrides)
    return StoredTensor(view, requiresGrad: value["requires_grad"] == .bool(true))
  }

  private func argument(_ value: JSONValue) throws(DataError) -> StoredArgument {
    switch value {
    case .null: return .value(.absent)
    case .bool(let value): return .value(.scalar(.bool(value)))
    case .integer(let value): return .value(.scalar(.int(value)))
    case .number(let value): return .value(.scalar(.float(value)))
    case .string(let value): return .value(.string(value))
    case .array(let elements):
      var result: [StoredArgument] = []
      for element in elements { result.append(try argument(element)) }
      return .list(result)
    case .object(let object):
      if object["tensor"] != nil { return .tensor(try tensor(value)) }
      guard object.members.count == 1, let member = object.members.first else {
        throw damage("an argument that is none of the format's kinds: \(value.compact)")
      }
      return try special(member.name, member.value)
    }
  }

  private func special(_ kind: String, _ value: JSONValue) throws(DataError) -> StoredArgument {
    let parts = value.array
    switch kind {
    case "float":
      if let text = value.string, ["inf", "-inf", "nan"].contains(text), let number = Double(text) {
        return .value(.scalar(.float(number)))
      }
    case "complex":
      if let parts, parts.count == 2, let real = parts[0].number, let imaginary = parts[1].number {
        return .value(.scalar(.complex(real, imaginary)))
      }
    case "dtype":
      if let name = value.string {
        return DType(name: name).map { .value(.dtype($0)) }
          ?? .unsupported("the element type \(name) is not supported")
      }
    case "slice":
      if let parts, parts.count == 3, parts.allSatisfy({ $0 == .null || $0.integer != nil }) {
        return .value(
          .slice(start: parts[0].integer, stop: parts[1].integer, step: parts[2].integer))
      }
    case "ellipsis":
      if value == .bool(true) { return .value(.ellipsis) }
    default: break
    }
    throw damage("an argument that is none of the format's kinds: {'\(kind)': \(value.compact)}")
  }
}

extension DType {
  /// The type of the real and imaginary parts.
  fileprivate var realPart: DType { self == .complex64 ? .float32 : .float64 }
}
