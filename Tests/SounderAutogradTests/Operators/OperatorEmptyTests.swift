import SounderArray
import Testing

@testable import SounderAutograd

@Suite struct OperatorEmptyTests {
  @Test("Empty arguments have empty gradients", arguments: OperatorCase.differentiable)
  func empty(name: String) throws {
    let entry = try OperatorRegistry.entry(name)
    for dense in try OperatorCase.all(of: name) {
      guard let shape = dense.inputs.first?.shape else { continue }
      for axis in shape.indices
      where shape[axis] != 1 && !dense.sample.nonempty.contains(axis) {
        let operatorCase = try OperatorCase(
          entry, dense.sample.replacing(extent: shape[axis])
        ) { sample in
          var stream = RandomStream(seed: 1, stream: 2)
          return sample.random(from: &stream)
        }
        let leaves = try operatorCase.inputs.map { try Tensor($0.array).requiresGrad() }
        let result = try operatorCase(leaves)
        let ones = Tensor(Kernels.onesLike(result.array))
        let seed = try Tensor(ones.array).requiresGrad()
        let found = try gradients(
          of: [result], withRespectTo: leaves, gradOutputs: [seed], createGraph: true)
        for (gradient, leaf) in zip(found, leaves) {
          #expect(gradient?.shape == leaf.shape)
          #expect(gradient?.dtype == leaf.dtype)
        }
        let again = found.compactMap { $0 }.filter(\.requiresGrad)
        if !again.isEmpty {
          _ = try gradients(
            of: again, withRespectTo: leaves + [seed], gradOutputs: again.map { $0.detach() },
            materializeGrads: true)
        }
        let pushed = try jvp(
          { try operatorCase($0) }, primals: leaves.map { $0.detach() },
          tangents: leaves.map { $0.detach() })
        #expect(pushed.tangent.shape == result.shape)
      }
    }
  }
}

extension OperatorSample {
  /// The sample with 0 in the place of an extent, in tensors and in shapes.
  fileprivate func replacing(extent: Int) -> OperatorSample {
    func replace(_ value: Value, isShape: Bool) -> Value {
      switch value {
      case .tensor(let tensor):
        return .tensor(
          SampleTensor(
            shape: Shape(tensor.shape.map { $0 == extent ? 0 : $0 }), low: tensor.low,
            high: tensor.high, dtype: tensor.dtype, isContiguous: tensor.isContiguous))
      case .list(let elements): return .list(elements.map { replace($0, isShape: isShape) })
      case .value(.list(let elements)) where isShape:
        return .value(
          .list(
            elements.map {
              if case .scalar(.int(extent)) = $0 { .scalar(.int(0)) } else { $0 }
            }))
      case .value: return value
      }
    }
    let shapes: Set = ["size", "shape", "input_sizes", "normalized_shape"]
    return OperatorSample(
      Dictionary(
        uniqueKeysWithValues: values.map {
          ($0.key, replace($0.value, isShape: shapes.contains($0.key)))
        }))
  }
}
