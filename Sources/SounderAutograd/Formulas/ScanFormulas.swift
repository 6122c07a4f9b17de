import SounderArray

/// The tensor moved one place towards higher indices of a dimension, with `first` in front.
private func shifted(_ x: Tensor, _ dim: Int, first: Scalar = 0) -> Tensor {
  if x.rank == 0 { return Tensor(Kernels.fullLike(x.array, first)) }
  let axis = x.shape.axis(dim, "scan")
  if x.shape[axis] == 0 { return x }
  var shape = x.shape
  shape[axis] = 1
  let front = Tensor(Kernels.full(shape, first, x.dtype))
  return Tensor.cat([front, x.slice(dim: axis, start: 0, end: x.shape[axis] - 1)], dim: axis)
}

/// The tensor moved one place towards lower indices of a dimension, with zeros behind.
private func shiftedBack(_ x: Tensor, _ dim: Int) -> Tensor {
  if x.rank == 0 { return x.zerosLike() }
  let axis = x.shape.axis(dim, "scan")
  if x.shape[axis] == 0 { return x }
  var shape = x.shape
  shape[axis] = 1
  return Tensor.cat([x.slice(dim: axis, start: 1), x.zerosOf(shape)], dim: axis)
}

func recurrenceFactorGradient(
  _ grad: Tensor, _ factor: Tensor, _ result: Tensor, _ dim: Int, _ reverse: Bool
) -> Tensor {
  let input = grad.linearRecurrence(factor.conj(), dim, reverse: !reverse)
  return reverse ? shifted(input, dim) * result.conj() : input * shifted(result, dim).conj()
}

func recurrenceTangent(
  _ inputTangent: Tensor, _ factorTangent: Tensor, _ factor: Tensor, _ result: Tensor, _ dim: Int,
  _ reverse: Bool
) -> Tensor {
  let change =
    reverse
    ? shiftedBack(factorTangent * result, dim) : factorTangent * shifted(result, dim)
  return (inputTangent + change).linearRecurrence(factor, dim, reverse: reverse)
}

/// Each factor's gradient is the product of those before it times a recurrence over those behind, so
/// zeros need no division.
func cumprodGradient(_ grad: Tensor, _ x: Tensor, _ result: Tensor, _ dim: Int) -> Tensor {
  let x = x.toDtype(grad.dtype)
  let before = shifted(result, dim, first: 1)
  return before.conj() * grad.linearRecurrence(x.conj(), dim, reverse: true)
}

func cumprodTangent(_ tangent: Tensor, _ x: Tensor, _ result: Tensor, _ dim: Int) -> Tensor {
  let change = tangent.toDtype(result.dtype) * shifted(result, dim, first: 1)
  return change.linearRecurrence(x.toDtype(result.dtype), dim)
}

/// A product is the last running product.
func prodGradient(_ grad: Tensor, _ x: Tensor, _ dim: Int, _ keepdim: Bool) -> Tensor {
  if x.rank == 0 { return grad }
  let axis = x.shape.axis(dim, "prod")
  if x.count == 0 { return grad.zerosOf(x.shape) }
  let x = x.toDtype(grad.dtype)
  var rest = x.shape
  rest[axis] -= 1
  let last = keepdim ? grad : grad.unsqueeze(axis)
  let padded = Tensor.cat([grad.zerosOf(rest), last], dim: axis)
  return cumprodGradient(padded, x, x.cumprod(axis), axis)
}

func prodGradient(_ grad: Tensor, _ x: Tensor) -> Tensor {
  prodGradient(grad, x.reshape([-1]), 0, false).reshape(x.shape)
}

func prodTangent(_ tangent: Tensor, _ x: Tensor, _ dim: Int, _ keepdim: Bool, _ dtype: DType)
  -> Tensor
{
  let (tangent, x) = (tangent.toDtype(dtype), x.toDtype(dtype))
  if x.rank == 0 { return tangent }
  let axis = x.shape.axis(dim, "prod")
  if x.shape[axis] == 0 { return tangent.sum([axis], keepdim: keepdim) }
  let running = cumprodTangent(tangent, x, x.cumprod(axis), axis)
  let last = running.slice(dim: axis, start: x.shape[axis] - 1)
  return keepdim ? last : last.squeeze(axis)
}

func prodTangent(_ tangent: Tensor, _ x: Tensor, _ dtype: DType) -> Tensor {
  prodTangent(tangent.reshape([-1]), x.reshape([-1]), 0, false, dtype)
}
