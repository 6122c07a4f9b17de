import SounderArray

/// The graph node of a call of a registered operator.
final class CustomOperatorNode: Node {
  private let custom: CustomOperator
  private let backward: CustomOperatorFormula.Part<CustomOperator.Backward>
  /// What each argument was, which its gradient must resemble.
  private let arguments: [ArgumentForm]
  /// The results: how many tensors each has, nil for a tensor that is no list.
  private var outputs: [OutputForm] = []
  private var structure = SavedValue.absent
  private var tensors: [SavedTensor] = []

  /// The form of a tensor argument at the call.
  struct ArgumentForm {
    let name: String
    /// Whether the schema declares a list.
    let isList: Bool
    /// Whether a tensor was given, for each place in order.
    let isPresent: [Bool]
    /// The edge of the first place.
    let firstEdge: Int
  }

  private enum OutputForm {
    case tensor(slot: Int)
    case list(slots: Range<Int>)
    case other
  }

  init(
    _ custom: CustomOperator, _ inputs: NamedArguments,
    _ backward: CustomOperatorFormula.Part<CustomOperator.Backward>
  ) {
    self.custom = custom
    self.backward = backward
    var forms: [ArgumentForm] = []
    var places: [Tensor?] = []
    for (parameter, value) in zip(custom.schema.parameters, inputs.values)
    where parameter.kind == .tensor {
      let given: [Tensor?] =
        switch value {
        case .list(let elements): elements.map { $0.tensors.first }
        default: parameter.isList ? [] : [value.tensors.first]
        }
      forms.append(
        ArgumentForm(
          name: parameter.name, isList: parameter.isList, isPresent: given.map { $0 != nil },
          firstEdge: places.count))
      places += given
    }
    arguments = forms
    super.init(edgeCount: places.count)
    for (edge, tensor) in places.enumerated() { connect(edge, tensor) }
  }

  override var name: String { "\(custom.name)Backward" }

  override var savedNames: [String] { tensors.isEmpty ? [] : ["saved"] }

  /// Keeps what the save function picked; called after the results are attached.
  func keep(_ value: SavedValue, outputs: [Tensor]) {
    structure = value.mapTensors { tensor in
      if let slot = outputs.firstIndex(where: { $0 === tensor && $0.node === self }) {
        tensors.append(SavedTensor(output: tensor, slot: slot))
      } else {
        tensors.append(SavedTensor(input: tensor))
      }
      // The structure must not own the tensor: it stays when the saved tensors are dropped.
      return Self.noTensor
    }
  }

  /// Stands in the structure where a saved tensor is put back.
  private static let noTensor = Tensor(Kernels.zeros(Shape(), .float32))

  /// Makes the differentiable results those of this node.
  func attach(_ results: [OperatorArgument], _ flags: [Bool]) {
    var slot = 0
    func take(_ tensor: Tensor, _ isDifferentiable: Bool) {
      if isDifferentiable && tensor.dtype.isDifferentiable {
        attach(tensor, slot: slot)
      } else {
        setMetadata(slot, tensor.array)
      }
      slot += 1
    }
    for (result, isDifferentiable) in zip(results, flags) {
      let first = slot
      for tensor in result.tensors { take(tensor, isDifferentiable) }
      switch result {
      case .tensor: outputs.append(.tensor(slot: first))
      case .list: outputs.append(.list(slots: first..<slot))
      default: outputs.append(.other)
      }
    }
  }

  override func apply(_ pass: BackwardPass) throws {
    let gradients = outputs.map { form -> OperatorGradient in
      switch form {
      case .tensor(let slot): .tensor(gradient(slot, pass))
      case .list(let slots): .list(slots.map { gradient($0, pass) })
      case .other: .absent
      }
    }
    var next = try unpackList(self.tensors).makeIterator()
    let saved = structure.mapTensors { next.next() ?? $0 }
    let result = try backward.function(saved, gradients)
    let rules = GradientRules(operatorName: custom.name, place: backward.place)
    for (edge, gradient) in try rules.gradients(result, arguments) where pass.needs(edge) {
      pass.send(edge, gradient)
    }
  }

  /// The gradient of an output; zeros if nothing depends on it.
  private func gradient(_ slot: Int, _ pass: BackwardPass) -> Tensor {
    let metadata = metadata(slot)
    return pass.gradient(slot) ?? Tensor(Kernels.zeros(metadata.shape, metadata.dtype))
  }

  override func releaseSaved() { tensors = [] }
}
