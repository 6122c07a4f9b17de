import SchemaLanguage
import Testing

@testable import DerivativeGenerator

@Suite struct SchemaParserTests {
  @Test("A schema has a name, an overload, arguments and results")
  func parts() throws {
    let schema = try SchemaParser.parse(
      "add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor")
    #expect(schema.name == "add")
    #expect(schema.overload == "Tensor")
    #expect(schema.fullName == "add.Tensor")
    #expect(schema.arguments.map(\.name) == ["self", "other", "alpha"])
    #expect(schema.arguments.map(\.isKeywordOnly) == [false, false, true])
    #expect(schema.arguments[2].defaultValue == .int(1))
    #expect(schema.returns == [Return(name: nil)])
  }

  @Test(
    "TG-16: Every type has its counterpart in Swift",
    arguments: [
      ("Tensor", "Tensor"), ("Tensor?", "Tensor?"), ("Tensor[]", "[Tensor]"),
      ("Tensor?[]", "[Tensor?]"), ("Tensor(a!)", "Tensor"), ("Scalar", "Scalar"),
      ("Scalar?", "Scalar?"), ("int", "Int"), ("int?", "Int?"), ("int[]", "[Int]"),
      ("int[2]", "[Int]"), ("int[]?", "[Int]?"), ("float", "Double"), ("float?", "Double?"),
      ("bool", "Bool"), ("str", "String"), ("ScalarType", "DType"), ("ScalarType?", "DType?"),
      ("RandomStream", "RandomStream"),
    ])
  func types(spelling: String, swift: String) throws {
    let schema = try SchemaParser.parse("f(\(spelling) x) -> Tensor")
    #expect(schema.arguments[0].type.swift == swift)
  }

  @Test(
    "Defaults are read by their type",
    arguments: [
      ("int n=-1", Literal.int(-1)), ("float eps=1e-05", .float(1e-5)),
      ("bool keep=False", .bool(false)),
      ("str mode='none'", .string("none")), ("int[] dim=[]", .list([])),
      ("int[] dim=[0, 1]", .list([.int(0), .int(1)])), ("int[1] dim=0", .list([.int(0)])),
      ("Tensor? bias=None", .none), ("ScalarType dtype=float32", .string("float32")),
    ])
  func defaults(argument: String, value: Literal) throws {
    #expect(try SchemaParser.parse("f(\(argument)) -> Tensor").arguments[0].defaultValue == value)
  }

  @Test("Results may be several, with and without names")
  func results() throws {
    let named = try SchemaParser.parse("f(Tensor x) -> (Tensor out, Tensor mean)")
    #expect(named.returns.map(\.name) == ["out", "mean"])
    #expect(named.returnType == "(out: Tensor, mean: Tensor)")
    let unnamed = try SchemaParser.parse("f(Tensor x) -> (Tensor, Tensor)")
    #expect(unnamed.returnType == "(Tensor, Tensor)")
    #expect(unnamed.outputName(1) == "result1")
  }

  @Test(
    "The receiver and the labels follow from the schema",
    arguments: [
      ("where.self(Tensor condition, Tensor self) -> Tensor", "_ self_: Tensor"),
      (
        "sum.dim_IntList(Tensor self, int[]? dim=None, bool keepdim=False) -> Tensor",
        "dim: [Int]? = nil, keepdim: Bool = false"
      ),
      (
        "linear(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor",
        "_ weight: Tensor, bias: Tensor? = nil"
      ),
      ("cat(Tensor[] tensors, int dim=0) -> Tensor", "_ tensors: [Tensor], dim: Int = 0"),
    ])
  func parameters(schema: String, list: String) throws {
    #expect(try SchemaParser.parse(schema).parameterList == list)
  }

  @Test("Users' operators have a namespace, and results that are numbers")
  func registered() throws {
    let schema = try SchemaParser.parse(
      "my::scale.two(Tensor x, int[2] k=1, *, float s) -> (Tensor y, int n)", .registered)
    #expect(schema.fullName == "my::scale.two")
    #expect(schema.arguments[1].defaultValue == .list([.int(1), .int(1)]))
    #expect(schema.arguments[2].isKeywordOnly && schema.arguments[2].defaultValue == nil)
    #expect(schema.returns.map(\.base) == [.tensor, .int])
    #expect(throws: SchemaError.self) {
      try SchemaParser.parse("my::scale(Tensor x) -> Tensor", .declared)
    }
    #expect(throws: SchemaError.self) {
      try SchemaParser.parse("scale(Tensor x) -> int", .declared)
    }
    #expect(throws: SchemaError.self) {
      try SchemaParser.parse("my::scale(Index x) -> Tensor", .registered)
    }
  }

  @Test("Names become Swift's")
  func names() throws {
    let schema = try SchemaParser.parse("sum.dim_IntList(Tensor self, int[] out_dim) -> Tensor")
    #expect(schema.nodeName == "SumDimIntListBackward")
    #expect(schema.local(0) == "self")
    #expect(schema.local(1) == "outDim")
    #expect(declared("where") == "`where`")
  }
}
