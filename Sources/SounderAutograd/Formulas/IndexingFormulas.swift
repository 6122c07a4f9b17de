import SounderArray

/// Elements picked along a dimension by indices that broadcast against the tensor elsewhere.
func takeAlongDimComposite(_ x: Tensor, _ indices: Tensor, _ dim: Int?) -> Tensor {
  guard let dim else {
    return takeAlongDimComposite(x.reshape([x.count]), indices.reshape([indices.count]), 0)
  }
  require(
    x.rank == indices.rank,
    "take_along_dim: indices \(indices.shape) have another number of dimensions than \(x.shape)")
  let axis = x.shape.axis(dim, "take_along_dim")
  guard axis < x.rank else { return x.gather(dim, indices) }
  let fromStart = indices.lt(0).where(indices + .int(x.shape[axis]), indices)
  var (outside, other) = (x.shape, indices.shape)
  outside[axis] = 1
  other[axis] = 1
  guard var common = outside.broadcast(with: other) else {
    require(
      false, "take_along_dim: indices \(indices.shape) don't broadcast to shape \(x.shape)")
    return x
  }
  common[axis] = x.shape[axis]
  let source = x.expand(common)
  common[axis] = indices.shape[axis]
  return source.gather(axis, fromStart.expand(common))
}

/// The elements where a mask that broadcasts against the tensor is true, in one dimension.
func maskedSelectComposite(_ x: Tensor, _ mask: Tensor) -> Tensor {
  require(
    mask.dtype == .bool, "masked_select: the mask has type \(mask.dtype.name), not bool")
  guard let shape = x.shape.broadcast(with: mask.shape) else {
    require(false, "masked_select: mask \(mask.shape) and shape \(x.shape) don't broadcast")
    return x
  }
  let places = mask.expand(shape).reshape([shape.elementCount]).argwhere().select(1, 0)
  return x.expand(shape).reshape([shape.elementCount]).indexSelect(0, places)
}

/// The indices of the elements that are not zero: a matrix, or a vector for each dimension.
func nonzeroComposite(_ x: Tensor, _ asTuple: Bool) -> [Tensor] {
  if !asTuple { return [x.argwhere()] }
  let places = (x.rank == 0 ? x.unsqueeze(0) : x).argwhere()
  return (0..<places.shape[1]).map { places.select(1, $0) }
}

/// `scatter` with the argument `reduce`, which is add or multiply.
func scatterComposite(
  _ x: Tensor, _ dim: Int, _ index: Tensor, _ src: Tensor, _ reduce: String
) -> Tensor {
  require(
    reduce == "add" || reduce == "multiply",
    "scatter: reduce must be 'add' or 'multiply', not '\(reduce)'")
  if reduce == "add" { return x.scatterAdd(dim, index, src) }
  return x.scatterReduce(dim, index, src, "prod")
}

/// A number in the shape of an index, without memory for each element.
func spread(_ value: Scalar, _ index: Tensor, _ dtype: DType) -> Tensor {
  Tensor(scalar: value, dtype).expand(index.shape)
}

/// The derivatives of `scatter_reduce` at each place for its own element, and for each source at the
/// place it is sent to.
private func scatterSlopes(
  _ x: Tensor, _ dim: Int, _ index: Tensor, _ src: Tensor, _ reduce: String, _ includeSelf: Bool,
  _ result: Tensor
) -> (own: Tensor, source: Tensor) {
  // A source may have more elements than the index uses.
  let used = index.shape.indices.reduce(src) { $0.narrow($1, 0, index.shape[$1]) }
  var slopes: (own: Tensor, source: Tensor)
  switch reduce {
  case "mean":
    let counts = Tensor(Kernels.scatterCounts(x.shape, dim, index.array, includeSelf))
    let share = 1 / counts.toDtype(x.dtype)
    slopes = (share, share.gather(dim, index))
  case "prod":
    slopes = productSlopes(x, dim, index, used, includeSelf, result)
  case "amax", "amin":
    // At a tie the gradient is shared evenly.
    let own = x.eq(result).toDtype(x.dtype)
    let source = used.eq(result.gather(dim, index)).toDtype(x.dtype)
    let share = 1 / own.scatterAdd(dim, index, source)
    slopes = (own * share, source * share.gather(dim, index))
  default:
    slopes = (x.onesLike(), used.onesLike())
  }
  if !includeSelf { slopes.own = slopes.own.scatter(dim, index, 0) }
  return slopes
}

/// The product of the other factors; where one factor is zero it cannot be had by division.
private func productSlopes(
  _ x: Tensor, _ dim: Int, _ index: Tensor, _ src: Tensor, _ includeSelf: Bool, _ result: Tensor
) -> (own: Tensor, source: Tensor) {
  func product(_ x: Tensor, _ src: Tensor) -> Tensor {
    x.scatterReduce(dim, index, src, "prod", includeSelf: includeSelf)
  }
  let nonzero = x.maskedFill(x.eq(0), 1)
  let own = product(nonzero, src) / nonzero
  let isZero = src.eq(0)
  let zeros = x.zerosLike().scatterAdd(dim, index, isZero.toDtype(x.dtype)).gather(dim, index)
  let isOnlyZero = (isZero.toDtype(x.dtype) * zeros).eq(1)
  let withoutIt = product(x, src.maskedFill(isOnlyZero, 1)).gather(dim, index)
  let quotient = result.gather(dim, index) / src.maskedFill(isZero, 1)
  return (own, isOnlyZero.where(withoutIt, quotient))
}

func scatterReduceGradients(
  _ grad: Tensor, _ x: Tensor, _ dim: Int, _ index: Tensor, _ src: Tensor, _ reduce: String,
  _ includeSelf: Bool, _ result: Tensor, _ needsOwn: Bool, _ needsSource: Bool
) -> (Tensor?, Tensor?) {
  let slopes = scatterSlopes(x, dim, index, src, reduce, includeSelf, result)
  guard needsSource else { return (grad * slopes.own, nil) }
  let source = grad.gather(dim, index) * slopes.source
  return (needsOwn ? grad * slopes.own : nil, paddedToSource(source, src.shape))
}

func scatterReduceTangent(
  _ tangent: Tensor, _ x: Tensor, _ dim: Int, _ index: Tensor, _ srcTangent: Tensor,
  _ src: Tensor, _ reduce: String, _ includeSelf: Bool, _ result: Tensor
) -> Tensor {
  let slopes = scatterSlopes(x, dim, index, src, reduce, includeSelf, result)
  let used = index.shape.indices.reduce(srcTangent) { $0.narrow($1, 0, index.shape[$1]) }
  return (tangent * slopes.own).scatterAdd(dim, index, used * slopes.source)
}

/// The gradient of the sources of `scatter`.
func scatterSourceGradient(
  _ grad: Tensor, _ dim: Int, _ index: Tensor, _ shape: Shape
) -> Tensor {
  paddedToSource(grad.gather(dim, index), shape)
}

/// The gradient of those sources that an index uses with zeros for the others.
private func paddedToSource(_ gradient: Tensor, _ shape: Shape) -> Tensor {
  if gradient.shape == shape { return gradient }
  if gradient.rank != shape.count { return gradient.zerosOf(shape) }
  let pad = shape.indices.reversed().flatMap { [0, shape[$0] - gradient.shape[$0]] }
  return gradient.constantPadNd(pad)
}
