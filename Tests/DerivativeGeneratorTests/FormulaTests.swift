import Testing

@testable import DerivativeGenerator

@Suite struct FormulaTests {
  private func formula(_ text: String) -> Formula {
    Formula(Located(text: text, position: Position(line: 1, column: 1)))
  }

  @Test(
    "The tokens of a formula joined give the formula",
    arguments: [
      "grad * other", "-(grad*alpha) ", "grads[0]?.sum(dim: [0, -1], keepdim: true)",
      "x.isEmpty ? a : b ?? c", #"f("a \" grad", 1.5e-3)"#, "(0..<x.count).map { $0 + 1 }",
    ])
  func roundTrip(text: String) {
    let joined = formula(text).tokens.map { $0.trivia + $0.text }.joined()
    #expect(joined == text.prefix(joined.count))
    #expect(text.dropFirst(joined.count).allSatisfy { $0 == " " })
  }

  @Test("Only names that stand for values are values")
  func roles() {
    let text = #"grad.expand(self.shape, other: f(other), "other") + (c ? other : Tensor.zeros(n))"#
    let tokens = formula(text)
    let values = tokens.tokens.indices.filter { tokens.role(at: $0) == .value }.map(tokens.text)
    #expect(values == ["grad", "self", "other", "c", "other", "Tensor", "n"])
  }

  @Test("Numbers with exponents and ranges are told apart")
  func numbers() {
    #expect(
      formula("1.5e-3 0..<n x.0").tokens.map(\.text) == ["1.5e-3", "0", "..<", "n", "x", ".", "0"])
  }

  @Test("Closure parameters and constants are known in the formula")
  func locals() {
    #expect(formula("xs.map { a, b in a + b }").localNames == ["a", "b"])
    #expect(formula("{ let y = x; return y }()").localNames == ["y"])
  }
}
