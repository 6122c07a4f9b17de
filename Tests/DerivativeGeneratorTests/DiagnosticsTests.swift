import Testing

@testable import DerivativeGenerator

/// A wrong declaration and everything that is said about it.
struct Mistake: CustomTestStringConvertible {
  let testDescription: String
  let yaml: String
  let errors: [String]

  /// An operator with documentation and the given lines, from line 3 of the file on.
  init(_ name: String, _ schema: String, _ lines: [String], _ errors: String...) {
    testDescription = name
    yaml = (["- func: \(schema)", "  doc: Text."] + lines.map { "  " + $0 }).joined(separator: "\n")
    self.errors = errors
  }

  init(_ name: String, file yaml: String, _ errors: String...) {
    testDescription = name
    self.yaml = yaml
    self.errors = errors
  }
}

@Suite struct DiagnosticsTests {
  @Test("TG-17: A mistake is reported at its place", arguments: Mistake.all)
  func mistake(_ mistake: Mistake) {
    #expect(Declarations(mistake.yaml).errors == mistake.errors.map { "derivatives.yaml:" + $0 })
  }

  @Test("TG-17: All mistakes of a file are reported at once, in order")
  func all() {
    let file = Declarations(
      """
      - func: neg(Tensor self) -> Tensor
        doc: Text.
        self: -gard
      - func: exp(Tensor self) -> Tenser
      - func: abs(Tensor self) -> Tensor
        doc: Text.
        self: grad * slef.sign()
        samples:
          - {sefl: [3]}
      """)
    #expect(file.errors.map { $0.split(separator: ":")[1] } == ["3", "4", "7", "9", "9"])
  }

  @Test("A name inside a folded formula is found in its own line")
  func folded() {
    let file = Declarations(
      """
      - func: neg(Tensor self) -> Tensor
        doc: Text.
        self: >-
          grad *
          (self + slef)
      """)
    #expect(
      file.errors.first?.hasPrefix("derivatives.yaml:5:13: error: unknown name 'slef'") == true)
  }

  @Test("Near names are suggested, far ones are not")
  func suggestions() {
    #expect(suggestion(for: "dmi", among: ["dim", "keepdim"]) == "; did you mean 'dim'?")
    #expect(suggestion(for: "weight", among: ["dim", "bias"]) == "")
  }
}

extension Mistake {
  static var all: [Mistake] { files + schemas + formulas }
}
