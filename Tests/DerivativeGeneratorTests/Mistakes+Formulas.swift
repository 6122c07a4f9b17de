extension Mistake {
  /// Mistakes in formulas.
  static let formulas: [Mistake] = [
    Mistake(
      "An unknown name in a formula", "mul(Tensor self, Tensor other) -> Tensor",
      ["self: grad * other", "other: grad * slef"],
      "4:17: error: unknown name 'slef' in the formula; did you mean 'self'? (known: grad, "
        + "grads, needs, destination, self, other, result)"),
    Mistake(
      "A derivative for a number", "pow(Tensor self, Scalar exponent) -> Tensor",
      ["self: grad", "exponent: grad"],
      "4:13: error: 'exponent' is a Scalar, only tensors have derivatives"),
    Mistake(
      "A formula for a nondifferentiable argument", "gather(Tensor self, Tensor index) -> Tensor",
      ["self: grad", "index: grad", "nondifferentiable: [index]"],
      "4:10: error: 'index' has a formula and is declared nondifferentiable"),
    Mistake(
      "A tensor without a formula", "gather(Tensor self, Tensor index) -> Tensor",
      ["self: grad"],
      "1:36: error: argument 'index' of gather has neither a formula nor an entry in "
        + "'nondifferentiable'"),
    Mistake(
      "Two formulas for one argument", "mul(Tensor self, Tensor other) -> Tensor",
      ["self: grad", "self, other: f(grad, needs)"],
      "4:16: error: 'self' has two formulas"),
    Mistake(
      "grad and grads in one entry", "f(Tensor self, Tensor other) -> (Tensor, Tensor)",
      ["self: grad", "other: grads[1]"],
      "3:9: error: f mixes 'grad' and 'grads[i]'"),
    Mistake(
      "grads out of range", "f(Tensor self) -> (Tensor, Tensor)",
      ["self: g(grads[0], grads[2])"],
      "3:9: error: grads[2] is out of range: f has 2 results"),
    Mistake(
      "grads[0] alone", "f(Tensor self) -> (Tensor, Tensor)",
      ["self: g(grads[0])"],
      "3:9: error: f uses only grads[0]: write 'grad'"),
    Mistake(
      "grads without a number", "f(Tensor self) -> (Tensor, Tensor)",
      ["self: g(grads)"],
      "3:11: error: 'grads' must be followed by the number of a result, as in 'grads[1]'"),
    Mistake(
      "The gradient of a nondifferentiable result", "f(Tensor self) -> (Tensor, Tensor)",
      ["self: g(grads[0], grads[1])", "output_differentiability: [true, false]"],
      "3:9: error: f uses grads[1], but that result is not differentiable"),
    Mistake(
      "Too few output_differentiability elements", "f(Tensor self) -> (Tensor, Tensor)",
      ["self: grad", "output_differentiability: [true]"],
      "4:29: error: output_differentiability has 1 elements, f has 2 results"),
    Mistake(
      "Formulas without a differentiable result", "f(Tensor self) -> Tensor",
      ["self: grad", "output_differentiability: [false]"],
      "3:9: error: f has formulas but no differentiable result"),
    Mistake(
      "grad where a later result is differentiable", "f(Tensor self) -> (Tensor, Tensor)",
      ["self: grad", "output_differentiability: [true, true]"],
      "3:9: error: f uses 'grad', the gradient of the first result, but declares others "
        + "differentiable: use 'grads[i]'"),
    Mistake(
      "Too few tangent formulas", "f(Tensor self) -> (Tensor, Tensor)",
      ["self: g(grads[0], grads[1])", "result0: selfT"],
      "4:12: error: f has 1 tangent formulas for 2 differentiable results"),
    Mistake(
      "auto_elementwise with a formula for several arguments",
      "f(Tensor self, Tensor other) -> Tensor",
      ["self, other: g(grad, needs)", "result: auto_elementwise"],
      "3:16: error: 'auto_elementwise' needs one formula for each argument"),
    Mistake(
      "auto_linear with several results", "f(Tensor self) -> (Tensor, Tensor)",
      ["self: g(grads[0], grads[1])", "result0: auto_linear"],
      "1:9: error: f: 'auto_linear' and 'auto_elementwise' need exactly one differentiable result"),
    Mistake(
      "An unknown name in a tangent formula", "neg(Tensor self) -> Tensor",
      ["self: -grad", "result: -slfT"],
      "4:12: error: unknown name 'slfT' in the formula; did you mean 'selfT'? (known: "
        + "selfP, selfT, result, auto_linear, auto_elementwise)"),
    Mistake(
      "A formula for several arguments without needs", "f(Tensor self, Tensor other) -> Tensor",
      ["self, other: g(grad)"],
      "3:16: error: a formula for several arguments must use 'needs', to compute only the "
        + "gradients asked for"),
    Mistake(
      "needs of an unknown argument", "f(Tensor self, Tensor other) -> Tensor",
      ["self, other: g(grad, needs.othre)"],
      "3:30: error: 'othre' is no argument with a formula (self, other); did you mean 'other'?"),
    Mistake(
      "destination of several arguments", "f(Tensor self, Tensor other) -> Tensor",
      ["self, other: g(grad, needs, destination)"],
      "3:31: error: a formula for several arguments must say whose: 'destination.weight'"),
    Mistake(
      "An unknown nondifferentiable argument", "f(Tensor self, Tensor index) -> Tensor",
      ["self: grad", "nondifferentiable: [indx]"],
      "1:31: error: argument 'index' of f has neither a formula nor an entry in "
        + "'nondifferentiable'",
      "4:23: error: f has no argument 'indx'; did you mean 'index'?"),
    Mistake(
      "In place with several results", "f(Tensor self) -> (Tensor, Tensor)",
      ["self: grad", "inplace: true"],
      "1:9: error: inplace: f must have exactly one result"),
    Mistake(
      "In place without a differentiable result", "f(Tensor self) -> Tensor",
      ["nondifferentiable: all", "output_differentiability: [false]", "inplace: true"],
      "1:9: error: inplace: the result of f must be differentiable, or a saved tensor could "
        + "change unnoticed"),
    Mistake(
      "In place without a receiver", "f(int n) -> Tensor",
      ["inplace: true"],
      "1:9: error: inplace: the first argument of f must be a Tensor"),
    Mistake(
      "A view of no tensor", "f(int n) -> Tensor",
      ["view: true"],
      "1:9: error: view: the first argument of f must be a Tensor"),
    Mistake(
      "A composite operator with a formula", "f(Tensor self) -> Tensor",
      ["self: grad", "composite: self.g()"],
      "1:9: error: f is composite: its parts have the formulas, it takes none"),
    Mistake(
      "An unknown name in a composite operator", "f(Tensor self) -> Tensor",
      ["composite: self.g(other)"],
      "3:21: error: unknown name 'other' in the formula (known: self)"),
    Mistake(
      "An empty formula", "f(Tensor self) -> Tensor",
      ["self:"],
      "1:18: error: argument 'self' of f has neither a formula nor an entry in "
        + "'nondifferentiable'",
      "3:8: error: expected a text"),
    Mistake(
      "A list as the result of a kernel", "f(Tensor self) -> Tensor[]",
      ["self: grad"],
      "1:9: error: schema: f returns a list; only composite operators can"),
    Mistake(
      "A variant on lists of lists", "f(Tensor[] tensors) -> Tensor",
      ["foreach: true", "nondifferentiable: all"],
      "1:9: error: foreach: f must take single tensors and have one result"),
    Mistake(
      "A view in place", "f(Tensor self) -> Tensor",
      ["self: grad", "inplace: true", "view: true"],
      "1:9: error: f cannot be both 'inplace' and 'view'"),
    Mistake(
      "A tangent without a differentiable argument", "f(Tensor self) -> Tensor",
      ["result: selfT", "nondifferentiable: all"],
      "1:9: error: f has a tangent formula but no differentiable argument"),
  ]
}
