import SchemaLanguage
import Testing

@testable import DerivativeGenerator

/// Operators that follow from others, and the forms of one operator.
@Suite struct TwinTests {
  private static let view = """
    - func: t(Tensor self) -> Tensor
      doc: Transposes.
      self: grad.t()
      result: auto_linear
      view: true
      samples:
        - {self: [3, 4], nonempty: [1]}
    """

  @Test("TG-06: A view has a twin that copies, with the same derivatives under its own names")
  func viewCopy() throws {
    let file = Declarations(Self.view)
    let twin = try #require(file.entries.last)
    #expect(file.errors == [])
    #expect(file.entries.map(\.schema.fullName) == ["t", "t_copy"])
    #expect(twin.schema.text == "t_copy(Tensor self) -> Tensor")
    #expect(twin.schema.nodeName == "TCopyBackward")
    #expect(twin.reverse.map(\.expression) == ["grad.t()"])
    #expect(twin.samples[0].nonempty == [1])
    let function = file.written { $0.function(twin, &$1) }
    #expect(function.contains("let result = Tensor(Kernels.t(self.array).copied())"))
    #expect(!function.contains("markView"))
  }

  @Test("TG-06: A twin that is declared by hand wins")
  func handWritten() {
    let file = Declarations(
      Self.view + """

        - func: t_copy(Tensor self) -> Tensor
          doc: By hand.
          self: grad.t()
        """)
    #expect(file.errors == [])
    #expect(file.entries.map(\.documentation) == ["Transposes.", "By hand."])
  }

  @Test(
    "TG-15: A variant on lists applies the operator, with its formula, to elements of equal index")
  func foreach() throws {
    let file = Declarations(
      """
      - func: add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor
        doc: Adds.
        foreach: true
        self: grad
        other: grad * alpha
        result: auto_linear
        samples:
          - {self: [3], other: [3]}
      """)
    #expect(file.errors == [])
    let twin = try #require(file.entries.last)
    #expect(
      twin.schema.text
        == "_foreach_add.Tensor(Tensor[] self, Tensor[] other, *, Scalar alpha=1) -> Tensor[]")
    #expect(
      file.written { $0.function(twin, &$1) }.hasSuffix(
        """
        public static func foreachAdd(_ self_: [Tensor], _ other: [Tensor], alpha: Scalar = 1) -> [Tensor] {
          foreachIndices("_foreach_add", [self_.count, other.count]).map { self_[$0].add(other[$0], alpha: alpha) }
        }
        """))
  }

  @Test(
    "TG-12: An operator with an in-place form also writes to out, which takes no part in a graph")
  func out() throws {
    let file = Declarations(
      """
      - func: mul.Tensor(Tensor self, Tensor other) -> Tensor
        doc: Multiplies.
        inplace: true
        self: grad * other.conj()
        other: grad * self.conj()
        result: selfT * otherP + selfP * otherT
      """)
    let entry = try #require(file.entries.first)
    #expect(file.errors == [])
    #expect(
      entry.variants.map(entry.schema.fullName) == ["mul.Tensor", "mul_.Tensor", "mul.Tensor_out"])
    #expect(
      entry.schema.text(.out)
        == "mul.Tensor_out(Tensor self, Tensor other, *, Tensor out) -> Tensor")
    #expect(
      file.written { $0.outFunction(entry, &$1) }.hasSuffix(
        """
        public func mul(_ other: Tensor, out: Tensor) throws -> Tensor {
          try requireOut("mul", self.requiresGrad || other.requiresGrad || out.requiresGrad)
          let begun = Trace.beginOperator()
          _ = Kernels.mul(self.array, other.array, out: out.array)
          if begun != 0 { recordOperator("mul", begun, nil, out) }
          out.incrementVersion()
          return out
        }
        """))
  }

  @Test(
    "A namespace belongs to the name of the registry, and to Swift's except for functions of networks",
    arguments: [
      ("linalg.inv(Tensor A) -> Tensor", "linalg.inv", "linalgInv"),
      ("nn.functional.relu(Tensor self) -> Tensor", "nn.functional.relu", "relu"),
      ("linalg.norm.str(Tensor self) -> Tensor", "linalg.norm.str", "linalgNorm"),
      ("sum.dim(Tensor self) -> Tensor", "sum.dim", "sum"),
    ])
  func namespaces(text: String, name: String, function: String) throws {
    let schema = try SchemaParser.parse(text)
    #expect(schema.fullName == name)
    #expect(schema.functionName == function)
  }

  @Test("One number stands for all of a list of fixed length")
  func fixedLength() throws {
    let schema = try SchemaParser.parse(
      "f(Tensor self, int[2] stride=1, int[]? dim=None) -> Tensor")
    #expect(schema.arguments[1].type.length == 2)
    #expect(schema.arguments[1].defaultValue == .list([.int(1), .int(1)]))
    #expect(schema.arguments[1].type.spelling == "int[2]")
    #expect(schema.arguments[2].defaultValue == Literal.none)
  }
}
