extension Mistake {
  /// Mistakes in schemas.
  static let schemas: [Mistake] = [
    Mistake(
      "An unknown type", "neg(Tenser self) -> Tensor",
      ["self: grad"],
      "1:13: error: schema: unknown type 'Tenser', expected one of Tensor, Scalar, int, "
        + "float, bool, str, ScalarType, RandomStream, Index; did you mean 'Tensor'?"),
    Mistake(
      "A schema without results", "neg(Tensor self)",
      [],
      "1:25: error: schema: expected '->' and the results, found the end"),
    Mistake(
      "An argument without a name", "neg(Tensor) -> Tensor",
      [],
      "1:19: error: schema: expected an argument name after the type 'Tensor', found ') -> "
        + "Tensor'"),
    Mistake(
      "A default of another type", "neg(Tensor self, int dim='x') -> Tensor",
      ["self: grad"],
      "1:34: error: schema: the default of 'dim' is not of type int"),
    Mistake(
      "A result that is no tensor", "neg(Tensor self) -> int",
      [],
      "1:29: error: schema: a result must be of type Tensor or Tensor[]"),
    Mistake(
      "A reserved argument name", "f(Tensor grad) -> Tensor",
      ["nondifferentiable: all"],
      "1:18: error: an argument cannot be named 'grad': the name is reserved"),
    Mistake(
      "An argument named like a result", "f(Tensor mean) -> (Tensor out, Tensor mean)",
      ["nondifferentiable: all"],
      "1:18: error: argument 'mean' has the name of a result"),
    Mistake(
      "A schema with no result", "f(Tensor self) -> ()",
      ["nondifferentiable: all"],
      "1:9: error: schema: f has no result"),
    Mistake(
      "Two arguments of one name", "f(Tensor a, Tensor a) -> Tensor",
      [],
      "1:28: error: schema: a second argument 'a'"),
  ]
}
