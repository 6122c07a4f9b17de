import SounderArray

@testable import SounderAutograd

/// One call of an operator with one of its samples; the differentiable arguments can be exchanged.
struct OperatorCase {
  let entry: OperatorEntry
  let sample: OperatorSample
  let arguments: [OperatorArgument]

  /// The operators that have a derivative, by the name in the registry; in-place variants come with them.
  static let differentiable: [String] = OperatorRegistry.entries.filter { entry in
    !entry.isInPlace && entry.parameters.contains { $0.isDifferentiable }
  }.map(\.fullName)

  static func all(of name: String) throws -> [OperatorCase] {
    let entry = try OperatorRegistry.entry(name)
    var stream = RandomStream(seed: 17, stream: 0)
    return try entry.samples.map { sample in
      try OperatorCase(entry, sample) { $0.random(from: &stream) }
    }
  }

  init(
    _ entry: OperatorEntry, _ sample: OperatorSample, make: (SampleTensor) throws -> Tensor
  ) throws {
    self.entry = entry
    self.sample = sample
    arguments = try sample.arguments(for: entry, make: make)
  }

  private init(_ entry: OperatorEntry, _ sample: OperatorSample, _ arguments: [OperatorArgument]) {
    self.entry = entry
    self.sample = sample
    self.arguments = arguments
  }

  /// The floating-point tensors among the differentiable arguments, lists flattened.
  var inputs: [Tensor] {
    var found: [Tensor] = []
    _ = mapTensors { tensor, isActive in
      if isActive { found.append(tensor) }
      return tensor
    }
    return found
  }

  /// The first result that has a gradient, with other tensors in the place of ``inputs``.
  func callAsFunction(_ inputs: [Tensor]) throws -> Tensor {
    var next = inputs.makeIterator()
    let arguments = mapTensors { tensor, isActive in
      isActive ? entry.prepared(next.next() ?? tensor) : tensor
    }.arguments
    let results = try entry(arguments)
    return results[entry.differentiableOutputs.firstIndex(of: true) ?? 0]
  }

  /// The same call of another entry, with every tensor replaced.
  func mapTensors(
    of other: OperatorEntry? = nil, _ body: (Tensor, _ isActive: Bool) -> Tensor
  ) -> OperatorCase {
    func map(_ argument: OperatorArgument, _ isDifferentiable: Bool) -> OperatorArgument {
      switch argument {
      case .tensor(let tensor):
        .tensor(body(tensor, isDifferentiable && tensor.dtype.isDifferentiable))
      case .list(let elements): .list(elements.map { map($0, isDifferentiable) })
      default: argument
      }
    }
    return OperatorCase(
      other ?? entry, sample, zip(arguments, entry.parameters).map { map($0, $1.isDifferentiable) })
  }

  /// Whether the operator accepts other strides than row-major ones.
  var acceptsAnyStrides: Bool {
    sample.values.values.allSatisfy {
      if case .tensor(let tensor) = $0 { !tensor.isContiguous } else { true }
    }
  }
}
