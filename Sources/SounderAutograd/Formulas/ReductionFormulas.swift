import SounderArray

extension Modes {
  /// Whether operations on gradients matter to a further derivative, so that fused kernels cannot stand
  /// for them.
  @inline(__always) static var buildsOnGradients: Bool { recording || forward }
}

/// A reduced tensor, spread again over the shape it was reduced from.
func expandReduced(_ reduced: Tensor, _ shape: Shape, _ dim: [Int]?, _ keepdim: Bool) -> Tensor {
  let result = withReducedDimensions(reduced, shape, dim, keepdim)
  return result.shape == shape ? result : result.expand(shape)
}

/// A reduced tensor with extents of 1 for the dimensions it lost, so that it broadcasts.
func withReducedDimensions(
  _ reduced: Tensor, _ shape: Shape, _ dim: [Int]?, _ keepdim: Bool
) -> Tensor {
  guard !keepdim, let dim, !dim.isEmpty, !shape.isEmpty else { return reduced }
  var result = reduced
  for axis in dim.map({ shape.axis($0, "reduction") }).sorted() {
    result = result.unsqueeze(axis)
  }
  return result
}

/// How many elements go into one of the result.
func reducedCount(_ shape: Shape, _ dim: [Int]?) -> Double {
  guard let dim, !dim.isEmpty, !shape.isEmpty else { return Double(shape.elementCount) }
  return Double(dim.reduce(1) { $0 * shape[shape.axis($1, "mean")] })
}

func nansumComposite(_ x: Tensor, _ dim: [Int]?, _ keepdim: Bool, _ dtype: DType?) -> Tensor {
  let numbers = x.dtype.isFloatingPoint ? x.maskedFill(x.ne(x), 0) : x
  return numbers.sum(dim, keepdim: keepdim, dtype: dtype)
}

func traceGradient(_ grad: Tensor, _ shape: Shape) -> Tensor {
  grad * Tensor(Kernels.eye(shape[0], shape[1], grad.dtype))
}

/// The softmax of the logits, or NaN where all of them are infinitely small.
func logSumExpGradient(
  _ grad: Tensor, _ x: Tensor, _ result: Tensor, _ dim: [Int], _ keepdim: Bool
) -> Tensor {
  if !Modes.buildsOnGradients,
    let gradient = Kernels.logsumexpBackward(grad.array, x.array, result.array, dim)
  {
    return Tensor(gradient)
  }
  let shift = withReducedDimensions(result, x.shape, dim, keepdim)
  return withReducedDimensions(grad, x.shape, dim, keepdim) * (x - shift).exp().conj()
}

func softmaxBackwardTangent(
  _ outputTangent: Tensor, _ gradOutput: Tensor, _ output: Tensor, _ dim: Int
) -> Tensor {
  let inner = (gradOutput * output).sum([dim], keepdim: true)
  let change = (gradOutput * outputTangent).sum([dim], keepdim: true)
  return outputTangent * (gradOutput - inner) - output * change
}

func logSoftmaxTangent(_ tangent: Tensor, _ result: Tensor, _ dim: Int) -> Tensor {
  let tangent = tangent.toDtype(result.dtype)
  return tangent - (tangent * result.exp()).sum([dim], keepdim: true)
}
