import SounderArray

extension OperatorEntry {
  /// The samples as arguments for calls, with random tensors that are always the same.
  ///
  /// A variant in place has the samples of its operator whose result fits into the receiver.
  /// - Throws: ``OperatorError`` if a sample does not fit the parameters.
  public func sampleArguments() throws -> [[OperatorArgument]] {
    var stream = RandomStream(seed: 17, stream: 0)
    let functional = functional
    return try (samples.isEmpty ? functional?.samples ?? [] : samples).map { sample in
      try sample.arguments(for: self) { $0.random(from: &stream) }
    }.filter { arguments in
      guard let functional, case .tensor(let receiver)? = arguments.first else { return true }
      let result = try noGrad { try functional.call(arguments) }[0]
      return result.shape == receiver.shape && result.dtype == receiver.dtype
    }
  }

  /// The operator that a variant in place is one of; nil for others.
  private var functional: OperatorEntry? {
    guard isInPlace else { return nil }
    return try? OperatorRegistry.entry(
      String(name.dropLast()) + (overload.isEmpty ? "" : ".\(overload)"))
  }

  /// A random matrix as linear algebra wants it: far from singular, Hermitian where that is assumed.
  ///
  /// It is a function of the sample's tensor, so that derivatives and differences stay within the
  /// matrices the operator is defined for.
  func prepared(_ tensor: Tensor) -> Tensor {
    let needsSymmetry = ["linalg.cholesky", "linalg.cholesky_ex", "linalg.eigh"]
    let needsInverse = [
      "linalg.solve", "linalg.solve_ex", "linalg.inv", "linalg.inv_ex", "linalg.det",
      "linalg.slogdet", "linalg.solve_triangular",
    ]
    let isSymmetric = needsSymmetry.contains(name)
    let n = tensor.shape.last ?? 0
    guard isSymmetric || needsInverse.contains(name), tensor.rank >= 2,
      tensor.shape[tensor.rank - 2] == n
    else { return tensor }
    let spread = Tensor(Kernels.mul(Kernels.eye(n, nil, tensor.dtype), 9))
    return (isSymmetric ? (tensor + tensor.transpose(-2, -1)) * 0.5 : tensor) + spread
  }
}

extension SampleTensor {
  /// A tensor as the sample wants it; float64 in -2 ..< 2 where it has no wish.
  func random(from stream: inout RandomStream) -> Tensor {
    let dtype = dtype ?? .float64
    if let values { return Tensor(NDArray(values, shape: shape).cast(to: dtype)) }
    if dtype == .bool {
      let mask = NDArray(uninitialized: shape, .bool)
      stream.bernoulli(mask, 0.5)
      return Tensor(mask)
    }
    if dtype.isComplex {
      let parts = SampleTensor(shape: Shape(Array(shape) + [2]), low: low, high: high)
      return parts.random(from: &stream).viewAsComplex().toDtype(dtype)
    }
    let numbers = NDArray(uninitialized: shape, .float64)
    stream.uniform(numbers, low ?? -2, high ?? 2)
    if dtype.isDifferentiable { return Tensor(numbers.cast(to: dtype)) }
    let integers = numbers.toArray(as: Double.self).map { Int($0.rounded(.down)) }
    return Tensor(NDArray(integers, shape: shape).cast(to: dtype))
  }
}
