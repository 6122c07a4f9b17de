import SounderArray

/// A convolution as PyTorch's functions take it: unbatched inputs, one number for all dimensions.
func convolutionComposite(
  _ name: StaticString, _ spatial: Int, _ input: Tensor, _ weight: Tensor, _ bias: Tensor?,
  _ stride: [Int], _ padding: [Int], _ dilation: [Int], _ transposed: Bool, _ outputPadding: [Int],
  _ groups: Int
) -> Tensor {
  require(
    input.rank == spatial + 1 || input.rank == spatial + 2,
    "\(name): expects \(spatial + 1) or \(spatial + 2) dimensions, not shape \(input.shape)")
  let isBatched = input.rank == spatial + 2
  let result = (isBatched ? input : input.unsqueeze(0)).convolution(
    weight, bias, stride, padding, dilation, transposed, outputPadding, groups)
  return isBatched ? result : result.squeeze(0)
}

/// A convolution with the padding 'valid' (none) or 'same' (as much as keeps the size).
///
/// Where 'same' is odd, the additional zero goes to the end, as in PyTorch: one is added at both ends
/// and the first result dropped.
func convolutionComposite(
  _ name: StaticString, _ spatial: Int, _ input: Tensor, _ weight: Tensor, _ bias: Tensor?,
  _ stride: [Int], _ padding: String, _ dilation: [Int], _ groups: Int
) -> Tensor {
  func call(_ padding: [Int]) -> Tensor {
    convolutionComposite(
      name, spatial, input, weight, bias, stride, padding, dilation, false, [0], groups)
  }
  if padding == "valid" { return call([0]) }
  require(padding == "same", "\(name): padding must be 'valid' or 'same', not '\(padding)'")
  require(
    stride.allSatisfy { $0 == 1 }, "\(name): padding 'same' needs a stride of 1, not \(stride)")
  require(
    weight.rank == spatial + 2 && (dilation.count == spatial || dilation.count == 1),
    "\(name): weight \(weight.shape) or dilation \(dilation) does not fit \(spatial) dimensions")
  let totals = (0..<spatial).map { axis in
    (weight.shape[axis + 2] - 1) * (dilation.count == 1 ? dilation[0] : dilation[axis])
  }
  var result = call(totals.map { ($0 + 1) / 2 })
  for axis in 0..<spatial where totals[axis] % 2 == 1 {
    result = result.slice(dim: result.rank - spatial + axis, start: 1)
  }
  return result
}

/// The gradient of a convolution's input; that of a transposed one is a convolution.
func convolutionInputGradient(
  _ grad: Tensor, _ size: Shape, _ weight: Tensor, _ stride: [Int], _ padding: [Int],
  _ dilation: [Int], _ transposed: Bool, _ groups: Int
) -> Tensor {
  transposed
    ? convolutionResult(grad, weight.conj(), size, stride, padding, dilation, groups)
    : grad.convolutionImageGradient(
      weight.conj(), Array(size), stride, padding, dilation, groups)
}

/// The gradient of a convolution's weight, written into `destination` where there is one.
func convolutionWeightGradient(
  _ grad: Tensor, _ input: Tensor, _ size: Shape, _ stride: [Int], _ padding: [Int],
  _ dilation: [Int], _ transposed: Bool, _ groups: Int, into destination: GradientDestination?
) -> Tensor {
  let (outer, inner) = transposed ? (input.conj(), grad) : (grad, input.conj())
  guard let destination else {
    return outer.convolutionWeightGradient(inner, Array(size), stride, padding, dilation, groups)
  }
  return Tensor(
    Kernels.convolutionWeightGradient(
      outer.array, inner.array, Array(size), stride, padding, dilation, groups,
      out: destination.array))
}

/// The sum over samples and positions.
func convolutionBiasGradient(_ grad: Tensor, into destination: GradientDestination?) -> Tensor {
  let axes = [0] + Array(2..<grad.rank)
  guard let destination else { return grad.sum(axes) }
  return Tensor(Kernels.sum(grad.array, axes, false, nil, out: destination.array))
}

/// A convolution whose result has the given shape, of which it may leave out the end: windows that a
/// large output padding made room for.
func convolutionResult(
  _ input: Tensor, _ weight: Tensor, _ size: Shape, _ stride: [Int], _ padding: [Int],
  _ dilation: [Int], _ groups: Int
) -> Tensor {
  var result = input.convolution(weight, nil, stride, padding, dilation, false, [0], groups)
  for axis in 2..<size.count where result.shape[axis] != size[axis] {
    result = result.narrow(axis, 0, size[axis])
  }
  return result
}

/// The change of a convolution with its three operands.
func convolutionTangent(
  _ inputTangent: Tensor, _ input: Tensor, _ weightTangent: Tensor, _ weight: Tensor,
  _ biasTangent: Tensor?, _ stride: [Int], _ padding: [Int], _ dilation: [Int],
  _ transposed: Bool, _ outputPadding: [Int], _ groups: Int
) -> Tensor {
  inputTangent.convolution(
    weight, biasTangent, stride, padding, dilation, transposed, outputPadding, groups)
    + input.convolution(
      weightTangent, nil, stride, padding, dilation, transposed, outputPadding, groups)
}
