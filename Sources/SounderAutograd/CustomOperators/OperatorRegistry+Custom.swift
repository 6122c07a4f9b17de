import SchemaLanguage
import SounderArray

extension OperatorRegistry {
  private static let custom = Guarded<[String: CustomOperator]>([:])

  /// Registers an operator, which can then be called by name.
  ///
  /// - Parameters:
  ///   - schema: The declaration, with a namespace: `my::scale(Tensor x, float s=1) -> Tensor`.
  ///   - documentation: What the operator does, in a sentence.
  ///   - isComposite: Whether the kernel is made of other operators and is recorded through them; it then
  ///     takes no derivative of its own.
  ///   - kernel: Computes the results. It runs below autograd and must not change its arguments or return
  ///     their memory; ``checkOperator(_:samples:order:)`` finds out whether it does.
  /// - Throws: ``OperatorError`` with file and line for a mistake in the schema or a name that is taken.
  @discardableResult
  public static func register(
    _ schema: String, documentation: String = "", isComposite: Bool = false,
    file: StaticString = #fileID, line: UInt = #line, kernel: @escaping CustomOperator.Kernel
  ) throws -> CustomOperator {
    let place = SourcePlace(file: file, line: line)
    let parsed: OperatorSchema
    do throws(SchemaError) { parsed = try OperatorSchema(parsing: schema) } catch {
      throw OperatorError(
        "\(place): schema '\(schema)', character \(error.offset + 1): \(error.message)")
    }
    let created = CustomOperator(
      parsed, documentation: documentation, isComposite: isComposite, place: place, kernel: kernel)
    try custom.withLock { all in
      if let other = all[created.name] {
        throw OperatorError(
          "\(place): operator '\(created.name)' is already registered at \(other.place)")
      }
      all[created.name] = created
    }
    return created
  }

  /// Forgets a registered operator; graphs that have its nodes keep working.
  public static func unregister(_ name: String) {
    custom.withLock { _ = $0.removeValue(forKey: name) }
  }

  /// The operators that users registered, sorted by name.
  public static var customOperators: [CustomOperator] {
    custom.withLock { $0.values.sorted { $0.name < $1.name } }
  }

  /// The registered operator of the given full name; nil if there is none.
  public static func customOperator(_ name: String) -> CustomOperator? {
    custom.withLock { $0[name] }
  }
}

extension CustomOperator {
  /// What the registry shows of the operator now.
  public var entry: OperatorEntry {
    let formula = formula
    return OperatorEntry(
      name: schema.name, overload: schema.overload, schema: schema.text,
      documentation: documentation, parameters: schema.parameters, savedValues: [],
      hasReverse: formula.backward != nil && formula.save != nil,
      hasForward: formula.forward != nil, isComposite: isComposite, isInPlace: false,
      isView: false,
      differentiableOutputs: formula.differentiableOutputs ?? schema.results.map(\.isTensor),
      samples: [],
      call: { arguments in try self.run(arguments).flatMap(Self.flattened) })
  }

  /// The tensors of a result; a number becomes a tensor without dimensions.
  private static func flattened(_ value: OperatorArgument) -> [Tensor] {
    guard case .scalar(let number) = value else { return value.tensors }
    return [Tensor(NDArray(scalar: number))]
  }

  /// Calls the operator, with defaults for what is not given.
  /// - Returns: One value for each result of the schema, numbers as numbers.
  /// - Throws: ``OperatorError`` if the arguments don't fit the schema; ``AutogradError``
  ///   `.notImplemented` if a derivative is needed and not registered; what the kernel throws.
  public func callAsFunction(
    _ arguments: [OperatorArgument], named: [String: OperatorArgument] = [:]
  ) throws -> [OperatorArgument] {
    try run(try entry.completed(arguments, named))
  }
}
