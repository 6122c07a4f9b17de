import SchemaLanguage
import Testing

@testable import DerivativeGenerator

@Suite struct SavedValuesTests {
  /// What the node of an operator with these lines saves, by the names the formulas use.
  private func saved(_ schema: String, _ lines: String...) throws -> [String] {
    let text = lines.map { "  \($0)" }.joined(separator: "\n")
    let file = Declarations("- func: \(schema)\n  doc: Text.\n\(text)\n")
    try #require(file.errors == [])
    return file.entries[0].saved.map { file.entries[0].schema.savedName($0) }
  }

  @Test("TG-02: A product saves the other factor only")
  func product() throws {
    let schema = "mul.Tensor(Tensor self, Tensor other) -> Tensor"
    #expect(try saved(schema, "self: grad * other", "nondifferentiable: [other]") == ["other"])
  }

  @Test(
    "TG-01: A formula that reads a property saves the property",
    arguments: ["shape", "dtype", "rank", "count", "strides"])
  func property(name: String) throws {
    #expect(
      try saved("f(Tensor self) -> Tensor", "self: g(grad, self.\(name))") == ["self.\(name)"])
    #expect(
      try saved("f(Tensor self) -> Tensor", "self: g(grad, result.\(name))") == ["result.\(name)"])
  }

  @Test("TG-01: A property and the tensor are saved if the formula uses both")
  func both() throws {
    #expect(
      try saved("f(Tensor self) -> Tensor", "self: g(grad, self.shape, self)") == [
        "self.shape", "self",
      ])
  }

  @Test("A method of the same name as a property needs the tensor")
  func method() throws {
    #expect(try saved("f(Tensor self) -> Tensor", "self: grad * self.count(0)") == ["self"])
  }

  @Test("Of a list of tensors the shapes are saved, or the number")
  func lists() throws {
    let schema = "cat(Tensor[] tensors, int dim=0) -> Tensor"
    #expect(
      try saved(schema, "tensors: f(grad, tensors.shapes, dim)") == ["tensors.shapes", "dim"])
    #expect(try saved(schema, "tensors: f(grad, tensors.count)") == ["tensors.count"])
    #expect(try saved(schema, "tensors: f(grad, tensors)") == ["tensors"])
  }

  @Test("TG-08: Results are saved by name or number")
  func results() throws {
    #expect(try saved("exp(Tensor self) -> Tensor", "self: grad * result") == ["result"])
    let schema = "f(Tensor self) -> (Tensor out, Tensor mean)"
    #expect(try saved(schema, "self: g(grad, mean, result0.shape)") == ["mean", "out.shape"])
  }

  @Test("Labels, members and strings save nothing")
  func names() throws {
    let schema = "f(Tensor self, Tensor other, int dim) -> Tensor"
    let formula = #"self: 'grad.sum(dim: 0).other + g("other")'"#
    #expect(try saved(schema, formula, "nondifferentiable: [other]") == [])
  }
}
