/// One call of an operator, with PyTorch's answers.
public struct ConformanceCase: Sendable {
  /// Cotangents of some gradients, and the gradients of their products.
  public struct SecondOrder: Sendable {
    /// Cotangents by the leaf whose gradient they belong to.
    public var cotangents: [Int: StoredTensor]
    /// A gradient for each leaf; nil where there is none.
    public var gradients: [StoredTensor?]
  }

  /// The name within the folder: `add/float64/3`.
  public var id: String
  /// The positional arguments.
  public var arguments: [StoredArgument]
  /// The arguments by name, in order.
  public var named: [(name: String, value: StoredArgument)]
  /// The results.
  public var outputs: [StoredTensor]
  /// Cotangents by output.
  public var cotangents: [Int: StoredTensor] = [:]
  /// A gradient for each leaf, nil where there is none; nil if the case checks no gradients.
  public var gradients: [StoredTensor?]?
  /// Gradients of gradients; nil if the case checks none.
  public var secondOrder: SecondOrder?
  /// A tangent for each leaf; nil if the case does not check forward mode.
  public var tangents: [StoredTensor]?
  /// The tangents of outputs, nil where there is none.
  public var outputTangents: [Int: StoredTensor?] = [:]

  /// What the case checks.
  public var kinds: [CheckKind] {
    CheckKind.comparisons.filter { kind in
      switch kind {
      case .schema, .registration: false
      case .values: true
      case .gradients: gradients != nil
      case .secondOrder: secondOrder != nil
      case .forwardMode: tangents != nil
      }
    }
  }
}
