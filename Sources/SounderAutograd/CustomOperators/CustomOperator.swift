/// An operator that a user registered.
///
/// ```swift
/// let scale = try OperatorRegistry.register("my::scale(Tensor x, float s) -> Tensor") { inputs in
///   [.tensor(try inputs.tensor("x") * inputs.double("s"))]
/// }
/// try scale.setDerivative(
///   save: { inputs, _ in .value(try inputs.double("s")) },
///   backward: { saved, gradients in
///     ["x": .tensor(try gradients[0].tensor() * saved.value(as: Double.self))]
///   })
/// let y = try OperatorRegistry.call("my::scale", [.tensor(x), 2])[0]
/// ```
///
/// The kernel runs below autograd: what it computes is not recorded. The derivative may be registered
/// after the operator was called, and replaced; each call takes what is registered then. Without one a
/// call with an argument that requires a gradient is an error. All of it is thread-safe.
public final class CustomOperator: Sendable {
  /// Computes the results, one for each in the schema.
  public typealias Kernel = @Sendable (_ inputs: NamedArguments) throws -> [OperatorArgument]
  /// Picks what the backward function needs.
  public typealias Save =
    @Sendable (_ inputs: NamedArguments, _ outputs: [OperatorArgument]) throws -> SavedValue
  /// Computes the gradient of every tensor argument, by name, from one gradient for each result.
  ///
  /// A result that nothing depends on has a gradient of zeros; a result that is no tensor has none.
  public typealias Backward =
    @Sendable (_ saved: SavedValue, _ gradients: [OperatorGradient]) throws -> [String:
    OperatorGradient]
  /// Computes the tangent of every result from those of the tensor arguments, by name.
  public typealias Forward =
    @Sendable (
      _ inputs: NamedArguments, _ tangents: [String: OperatorGradient],
      _ outputs: [OperatorArgument]
    ) throws -> [OperatorGradient]

  let schema: OperatorSchema
  let kernel: Kernel
  let place: SourcePlace
  /// What the operator does, in a sentence.
  public let documentation: String
  /// Whether the kernel is made of other operators, which have the derivatives.
  public let isComposite: Bool
  private let state = Guarded(State())

  private struct State {
    var formula = CustomOperatorFormula()
    var samples: [[OperatorArgument]] = []
  }

  init(
    _ schema: OperatorSchema, documentation: String, isComposite: Bool, place: SourcePlace,
    kernel: @escaping Kernel
  ) {
    self.schema = schema
    self.documentation = documentation
    self.isComposite = isComposite
    self.place = place
    self.kernel = kernel
  }

  /// The name with namespace and overload: `my::scale`.
  public var name: String { schema.fullName }

  /// Arguments with which ``checkOperator(_:samples:order:)`` calls the operator.
  public var samples: [[OperatorArgument]] {
    get { state.withLock { $0.samples } }
    set { state.withLock { $0.samples = newValue } }
  }

  /// The derivative as it is registered now.
  var formula: CustomOperatorFormula { state.withLock { $0.formula } }

  /// Registers the functions of reverse mode, and that of forward mode if there is one.
  /// - Parameters:
  ///   - differentiableOutputs: Whether each result can have a gradient; all tensors can if nil.
  /// - Throws: ``OperatorError`` if the operator is composite, or the number of results is another.
  public func setDerivative(
    differentiableOutputs: [Bool]? = nil, save: @escaping Save = { _, _ in nil },
    backward: @escaping Backward, forward: Forward? = nil, file: StaticString = #fileID,
    line: UInt = #line
  ) throws {
    let place = SourcePlace(file: file, line: line)
    try update(place) { formula in
      formula.save = .init(function: save, place: place)
      formula.backward = .init(function: backward, place: place)
      if let forward { formula.forward = .init(function: forward, place: place) }
      if let differentiableOutputs { formula.differentiableOutputs = differentiableOutputs }
    }
  }

  /// Registers the function that picks what the backward function needs.
  /// - Throws: ``OperatorError`` if the operator is composite.
  public func setSave(
    file: StaticString = #fileID, line: UInt = #line, _ save: @escaping Save
  ) throws {
    let place = SourcePlace(file: file, line: line)
    try update(place) { $0.save = .init(function: save, place: place) }
  }

  /// Registers the backward function.
  /// - Parameters:
  ///   - differentiableOutputs: Whether each result can have a gradient; all tensors can if nil.
  /// - Throws: ``OperatorError`` if the operator is composite, or the number of results is another.
  public func setBackward(
    differentiableOutputs: [Bool]? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ backward: @escaping Backward
  ) throws {
    let place = SourcePlace(file: file, line: line)
    try update(place) { formula in
      formula.backward = .init(function: backward, place: place)
      formula.differentiableOutputs = differentiableOutputs
    }
  }

  /// Registers the function of forward mode.
  /// - Throws: ``OperatorError`` if the operator is composite.
  public func setForward(
    file: StaticString = #fileID, line: UInt = #line, _ forward: @escaping Forward
  ) throws {
    let place = SourcePlace(file: file, line: line)
    try update(place) { $0.forward = .init(function: forward, place: place) }
  }

  /// Forgets the derivative.
  public func removeDerivative() { state.withLock { $0.formula = CustomOperatorFormula() } }

  private func update(
    _ place: SourcePlace, _ change: (inout CustomOperatorFormula) -> Void
  ) throws {
    guard !isComposite else {
      throw OperatorError(
        "\(place): \(name) is composite (registered at \(self.place)): its parts have the "
          + "derivatives, it takes none of its own")
    }
    try state.withLock { state in
      var formula = state.formula
      change(&formula)
      if let flags = formula.differentiableOutputs, flags.count != schema.results.count {
        throw OperatorError(
          "\(place): \(name) has \(schema.results.count) results, differentiableOutputs has "
            + "\(flags.count) entries (\(schema.text))")
      }
      state.formula = formula
    }
  }
}
