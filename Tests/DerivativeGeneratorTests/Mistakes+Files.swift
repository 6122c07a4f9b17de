extension Mistake {
  /// Mistakes in files and entries.
  static let files: [Mistake] = [
    Mistake(
      "A key without a colon",
      file: "- func: mul(Tensor self) -> Tensor\n  doc Text",
      "3:1: error: YAML: could not find expected ':'"),
    Mistake(
      "A key that occurs twice",
      file: "- func: neg(Tensor self) -> Tensor\n  doc: A.\n  self: grad\n  self: grad",
      "3:3: error: YAML: key 'self' occurs twice in an entry"),
    Mistake(
      "An unquoted colon", "cat(Tensor[] tensors, int dim=0) -> Tensor",
      ["tensors: split(grad, dim: dim)"],
      "3:27: error: YAML: mapping values are not allowed in this context; a value that "
        + "contains ': ' must be quoted"),
    Mistake(
      "A file that is no list",
      file: "func: neg(Tensor self) -> Tensor",
      "1:1: error: expected a list of operators ('- func: …')"),
    Mistake(
      "An entry without func",
      file: "- doc: Text.",
      "1:3: error: the entry has no 'func'"),
    Mistake(
      "An entry without documentation",
      file: "- func: eq(Tensor self) -> Tensor\n  nondifferentiable: all",
      "1:9: error: eq has no 'doc'"),
    Mistake(
      "An unknown key", "mul(Tensor self, Tensor other) -> Tensor",
      ["self: grad * other", "otehr: grad * self"],
      "1:33: error: argument 'other' of mul has neither a formula nor an entry in "
        + "'nondifferentiable'",
      "4:3: error: unknown key 'otehr': neither an option nor an argument nor a result of "
        + "mul; did you mean 'other'?"),
    Mistake(
      "An operator declared twice",
      file:
        "- func: neg(Tensor self) -> Tensor\n  doc: Text.\n  nondifferentiable: all\n- func: neg(Tensor self) -> Tensor\n  doc: Text.\n  nondifferentiable: all",
      "4:9: error: operator 'neg' is already declared in line 1"),
    Mistake(
      "A flag that is neither true nor false", "f(Tensor self) -> Tensor",
      ["nondifferentiable: all", "inplace: yes"],
      "4:12: error: inplace: expected true or false"),
    Mistake(
      "Wrong samples", "f(Tensor self, int dim) -> Tensor",
      ["nondifferentiable: all", "samples:", "  - {self: [2], dmi: 1}", "  - {self: 3, dim: x}"],
      "5:7: error: sample: argument 'dim' is missing",
      "5:19: error: sample: f has no argument 'dmi'; did you mean 'dim'?",
      "6:14: error: sample: 'self' needs a value of type Tensor",
      "6:22: error: sample: 'dim' needs a value of type int"),
  ]
}
