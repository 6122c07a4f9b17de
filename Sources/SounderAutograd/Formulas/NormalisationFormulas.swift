import SounderArray

/// A tensor normalised along axes: the deviations from the mean and their inverse scale.
private struct Normalised {
  let axes: [Int]
  let scale: Tensor
  let normal: Tensor

  init(_ input: Tensor, _ axes: [Int], _ eps: Double) {
    let centred = input - input.mean(axes, keepdim: true)
    self.axes = axes
    scale = ((centred * centred).mean(axes, keepdim: true) + eps).rsqrt()
    normal = centred * scale
  }

  /// The normalisation's derivative, a symmetric matrix, times a vector.
  func derivative(_ vector: Tensor) -> Tensor {
    let centred = vector - vector.mean(axes, keepdim: true)
    return (centred - normal * (vector * normal).mean(axes, keepdim: true)) * scale
  }
}

/// The gradients of a normalisation along `axes` with scale and shift, as operators that can be
/// differentiated again; `parameterAxes` are those the parameters broadcast along.
private func normalisationGradients(
  _ grad: Tensor, _ input: Tensor, _ axes: [Int], _ eps: Double, _ weight: Tensor?,
  _ parameterShape: Shape, _ parameterAxes: [Int], _ needsInput: Bool, _ needsWeight: Bool,
  _ needsBias: Bool
) -> (Tensor?, Tensor?, Tensor?) {
  let normalised = Normalised(input, axes, eps)
  func reduced(_ x: Tensor) -> Tensor {
    (parameterAxes.isEmpty ? x : x.sum(parameterAxes)).reshape(parameterShape)
  }
  return (
    needsInput ? normalised.derivative(weight.map { grad * $0 } ?? grad) : nil,
    needsWeight ? reduced(grad * normalised.normal) : nil, needsBias ? reduced(grad) : nil
  )
}

private func normalisationTangent(
  _ inputTangent: Tensor, _ weightTangent: Tensor?, _ biasTangent: Tensor?, _ input: Tensor,
  _ axes: [Int], _ weight: Tensor?, _ eps: Double
) -> Tensor {
  let normalised = Normalised(input, axes, eps)
  var tangent = normalised.derivative(inputTangent)
  if let weight { tangent = tangent * weight }
  if let weightTangent { tangent = tangent + normalised.normal * weightTangent }
  if let biasTangent { tangent = tangent + biasTangent }
  return tangent
}

/// The gradients of layer normalisation for input, weight and bias.
///
/// One fused kernel when gradients are only computed, a composition of operators when they are
/// differentiated again.
func layerNormGradients(
  _ grad: Tensor, _ input: Tensor, _ shape: [Int], _ mean: Tensor, _ rstd: Tensor,
  _ weight: Tensor?, _ eps: Double, _ needsInput: Bool, _ needsWeight: Bool, _ needsBias: Bool
) -> (Tensor?, Tensor?, Tensor?) {
  guard Modes.buildsOnGradients else {
    let (gradInput, gradWeight, gradBias) = Kernels.nativeLayerNormBackward(
      grad.array, input.array, shape, mean.array, rstd.array, weight?.array,
      needsInput, needsWeight, needsBias)
    return (
      gradInput.map { Tensor($0) }, gradWeight.map { Tensor($0) }, gradBias.map { Tensor($0) }
    )
  }
  let outer = input.rank - shape.count
  return normalisationGradients(
    grad, input, Array(outer..<input.rank), eps, weight, Shape(shape), Array(0..<outer),
    needsInput, needsWeight, needsBias)
}

func layerNormTangent(
  _ inputTangent: Tensor, _ weightTangent: Tensor?, _ biasTangent: Tensor?, _ input: Tensor,
  _ shape: [Int], _ weight: Tensor?, _ eps: Double
) -> Tensor {
  let axes = Array((input.rank - shape.count)..<input.rank)
  return normalisationTangent(
    inputTangent, weightTangent, biasTangent, input, axes, weight, eps)
}

/// The gradients of batch normalisation in training, for input, weight and bias.
func batchNormGradients(
  _ grad: Tensor, _ input: Tensor, _ mean: Tensor, _ variance: Tensor, _ weight: Tensor?,
  _ eps: Double, _ needsInput: Bool, _ needsWeight: Bool, _ needsBias: Bool
) -> (Tensor?, Tensor?, Tensor?) {
  guard Modes.buildsOnGradients else {
    let (gradInput, gradWeight, gradBias) = Kernels.nativeBatchNormBackward(
      grad.array, input.array, mean.array, variance.array, weight?.array, eps, needsInput,
      needsWeight, needsBias)
    return (
      gradInput.map { Tensor($0) }, gradWeight.map { Tensor($0) }, gradBias.map { Tensor($0) }
    )
  }
  let axes = batchAxes(input)
  return normalisationGradients(
    grad, input, axes, eps, weight.map { perChannel($0, input) }, [input.shape[1]], axes,
    needsInput, needsWeight, needsBias)
}

func batchNormTangent(
  _ inputTangent: Tensor, _ weightTangent: Tensor?, _ biasTangent: Tensor?, _ input: Tensor,
  _ weight: Tensor?, _ eps: Double
) -> Tensor {
  normalisationTangent(
    inputTangent, weightTangent.map { perChannel($0, input) },
    biasTangent.map { perChannel($0, input) }, input, batchAxes(input),
    weight.map { perChannel($0, input) }, eps)
}

/// All axes but the channels'.
private func batchAxes(_ x: Tensor) -> [Int] { [0] + Array(2..<max(x.rank, 2)) }

/// A vector over channels in the shape that broadcasts over [batch, channels, *].
func perChannel(_ vector: Tensor, _ x: Tensor) -> Tensor {
  vector.reshape([vector.count] + Array(repeating: 1, count: max(x.rank - 2, 0)))
}
