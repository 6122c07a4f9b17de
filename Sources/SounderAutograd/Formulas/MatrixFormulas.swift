import SounderArray

/// The matrix product, written straight into `destination` where there is one.
///
/// A destination exists only in passes that don't build a graph, so nothing needs recording.
func matrixProduct(_ a: Tensor, _ b: Tensor, into destination: GradientDestination?) -> Tensor {
  guard let destination else { return a.mm(b) }
  return Tensor(Kernels.mm(a.array, b.array, out: destination.array))
}

/// The matrices of the last two dimensions, mirrored and conjugated.
func adjoint(_ x: Tensor) -> Tensor { x.transpose(-2, -1).conj() }

/// A tensor times a number; the tensor itself for the number one.
func scaled(_ x: Tensor, _ factor: Scalar) -> Tensor {
  factor.doubleValue == 1 && factor.imaginary == 0 ? x : x * factor
}

/// What ``scaled(_:_:)`` makes of a gradient.
func conjugateScaled(_ x: Tensor, _ factor: Scalar) -> Tensor {
  guard case .complex(let real, let imaginary) = factor else { return scaled(x, factor) }
  return scaled(x, .complex(real, -imaginary))
}

/// A matrix whose rows are all leading dimensions.
private func rows(_ x: Tensor) -> Tensor {
  x.rank == 2 ? x : x.reshape([x.shape.dropLast().reduce(1, *), x.shape[x.rank - 1]])
}

func linearInputGradient(_ grad: Tensor, _ weight: Tensor) -> Tensor {
  if grad.rank == 2 { return grad.mm(weight) }
  var shape = grad.shape
  shape[shape.count - 1] = weight.shape[1]
  return rows(grad).mm(weight).reshape(shape)
}

func linearWeightGradient(_ grad: Tensor, _ input: Tensor, into destination: GradientDestination?)
  -> Tensor
{
  let (left, right) = (rows(grad), rows(input))
  guard !Modes.buildsOnGradients, RowProducts.serve(left.array, right.array) else {
    return matrixProduct(left.t(), right, into: destination)
  }
  if let destination, destination.products?.take(left.array, right.array) ?? false {
    return Tensor(destination.array)
  }
  return Tensor(Kernels.rowProduct(left.array, right.array, out: destination?.array))
}

func linearBiasGradient(_ grad: Tensor, into destination: GradientDestination?) -> Tensor {
  guard let destination else { return rows(grad).sum([0]) }
  return Tensor(Kernels.sum(rows(grad).array, [0], false, nil, out: destination.array))
}

func linearTangent(
  _ inputTangent: Tensor, _ input: Tensor, _ weightTangent: Tensor, _ weight: Tensor,
  _ biasTangent: Tensor?
) -> Tensor {
  let product = inputTangent.linear(weight) + input.linear(weightTangent)
  return biasTangent.map { product + $0 } ?? product
}
