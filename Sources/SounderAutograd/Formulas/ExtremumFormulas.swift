import SounderArray

/// The gradient of the largest elements, shared evenly at a tie.
///
/// A result that is NaN equals no element; with `findsNaN` the elements that are NaN share instead.
func extremeGradient(
  _ grad: Tensor, _ x: Tensor, _ result: Tensor, _ dim: [Int], _ keepdim: Bool,
  findsNaN: Bool = false
) -> Tensor {
  if !Modes.buildsOnGradients, !(findsNaN && result.item().isNaN),
    let gradient = Kernels.extremeBackward(grad.array, x.array, result.array, dim)
  {
    return Tensor(gradient)
  }
  let share = extremeShare(x, result, dim, keepdim, findsNaN)
  return withReducedDimensions(grad, x.shape, dim, keepdim) * share
}

func extremeTangent(
  _ tangent: Tensor, _ x: Tensor, _ result: Tensor, _ dim: [Int], _ keepdim: Bool,
  findsNaN: Bool = false
) -> Tensor {
  (tangent * extremeShare(x, result, dim, keepdim, findsNaN)).sum(dim, keepdim: keepdim)
}

private func extremeShare(
  _ x: Tensor, _ result: Tensor, _ dim: [Int], _ keepdim: Bool, _ findsNaN: Bool
) -> Tensor {
  let extreme = withReducedDimensions(result, x.shape, dim, keepdim)
  var mask = x.eq(extreme)
  if findsNaN, result.item().isNaN { mask = x.ne(x) }
  let isExtreme = mask.toDtype(x.dtype)
  return isExtreme / isExtreme.sum(dim, keepdim: true)
}

/// The gradient of elements picked by index along a dimension.
func indexedGradient(
  _ grad: Tensor, _ indices: Tensor, _ shape: Shape, _ dim: Int, _ keepdim: Bool
) -> Tensor {
  if shape.isEmpty { return grad.reshape(shape) }
  let spread = keepdim ? grad : grad.unsqueeze(dim)
  return grad.zerosOf(shape).scatterAdd(dim, keepdim ? indices : indices.unsqueeze(dim), spread)
}

func indexedTangent(_ tangent: Tensor, _ indices: Tensor, _ dim: Int, _ keepdim: Bool) -> Tensor {
  if tangent.rank == 0 { return tangent.reshape(indices.shape) }
  if keepdim { return tangent.gather(dim, indices) }
  return tangent.gather(dim, indices.unsqueeze(dim)).squeeze(dim)
}
