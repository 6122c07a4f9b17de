import SchemaLanguage

/// Everything the declaration file says about one operator.
struct Entry {
  let position: Position
  var schema: Schema
  var documentation = ""
  /// The reverse formulas, in the order of the arguments.
  var reverse: [ReverseRule] = []
  var tangent = TangentRule.none
  var hasInPlaceVariant = false
  var isView = false
  /// Whether the operator is the copying twin of a view.
  var copiesView = false
  /// Whether a variant on lists of tensors exists.
  var hasForeachVariant = false
  var kernel: String
  /// The body of an operator made of others.
  var composite: Located?
  /// Whether each result can have a gradient.
  var isOutputDifferentiable: [Bool]
  /// Whether the file says so, rather than the formulas.
  var declaresOutputs = false
  /// Arguments declared to have no gradient.
  var nondifferentiable: Set<Int> = []
  var samples: [Sample] = []

  /// The differentiable arguments in the order of their edges.
  var differentiable: [Int] { reverse.flatMap(\.arguments).sorted() }

  /// Whether an argument can have a gradient, be it through the parts of a composite operator.
  func isDifferentiable(_ argument: Int) -> Bool {
    composite == nil
      ? differentiable.contains(argument)
      : schema.arguments[argument].type.isTensor && !nondifferentiable.contains(argument)
  }

  /// What the node keeps, each value once.
  var saved: [SavedValue] {
    var result: [SavedValue] = []
    for value in reverse.flatMap(\.saved) where !result.contains(value) { result.append(value) }
    return result
  }

  /// The arguments whose gradient needs `value`.
  func users(of value: SavedValue) -> [Int] {
    reverse.filter { $0.saved.contains(value) }.flatMap(\.arguments).sorted()
  }
}

/// The formula for the gradient of one argument, or of several at once.
struct ReverseRule {
  let arguments: [Int]
  let source: Located
  /// The formula as the node's `apply` spells it.
  var expression = ""
  var saved: [SavedValue] = []
  /// Results whose gradient the formula reads as `grads[i]`.
  var indexedGradients: [Int] = []
  /// Whether the formula reads `grad`.
  var usesGradient = false
  /// Whether the formula asks which gradients are needed.
  var usesNeeds = false

  init(arguments: [Int], source: Located) {
    self.arguments = arguments
    self.source = source
  }
}

/// How the tangents of the results follow from those of the arguments.
enum TangentRule {
  case none
  /// `auto_linear`: the operator itself, applied to the tangents.
  case linear
  /// `auto_elementwise`: the reverse formulas, with the tangent in the place of the gradient.
  case elementwise
  case formulas([TangentFormula])
}

/// The formula for the tangent of one result.
struct TangentFormula {
  let output: Int
  let source: Located
}

/// Arguments with which tests call an operator.
struct Sample {
  var values: [(argument: Int, value: SampleValue)] = []
  /// Extents of the first tensor, by dimension, that must not be zero.
  var nonempty: [Int] = []
}

/// One argument of a sample.
indirect enum SampleValue {
  case tensor(SampleTensor)
  case tensors([SampleValue])
  case literal(Literal)
}

/// A tensor the test makes: random in a range, or of given values.
struct SampleTensor {
  var shape: [Int] = []
  var low: Double?
  var high: Double?
  var dtype: String?
  var values: [Double]?
  /// Whether the operator accepts no other strides.
  var isContiguous = false
}
