import SounderArray

extension OperatorEntry {
  /// The samples as arguments for calls, with random tensors that are always the same.
  ///
  /// A variant in place has the samples of its operator whose result fits into the receiver.
  /// - Throws: ``OperatorError`` if a sample does not fit the parameters.
  public func sampleArguments() throws -> [[OperatorArgument]] {
    var stream = RandomStream(seed: 17, stream: 0)
    if isInPlace && samples.isEmpty {
      let base = String(name.dropLast()) + (overload.isEmpty ? "" : ".\(overload)")
      guard let functional = try? OperatorRegistry.entry(base) else { return [] }
      return try functional.sampleArguments().filter { arguments in
        guard case .tensor(let receiver)? = arguments.first else { return false }
        let result = try noGrad { try functional.call(arguments) }[0]
        return result.shape == receiver.shape && result.dtype == receiver.dtype
      }
    }
    return try samples.map { sample in
      try sample.arguments(for: self) { $0.random(from: &stream) }
    }
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
    let numbers = NDArray(uninitialized: shape, .float64)
    stream.uniform(numbers, low ?? -2, high ?? 2)
    if dtype.isDifferentiable { return Tensor(numbers.cast(to: dtype)) }
    let integers = numbers.toArray(as: Double.self).map { Int($0.rounded(.down)) }
    return Tensor(NDArray(integers, shape: shape).cast(to: dtype))
  }
}
