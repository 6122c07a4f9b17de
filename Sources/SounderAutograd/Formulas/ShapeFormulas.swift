import SounderArray

func inversePermutation(_ dims: [Int]) -> [Int] {
  var inverse = Array(repeating: 0, count: dims.count)
  for (position, dim) in dims.enumerated() {
    inverse[dim < 0 ? dim + dims.count : dim] = position
  }
  return inverse
}

/// A view where the strides allow one, else a copy.
func reshapeComposite(_ x: Tensor, _ size: [Int]) -> Tensor {
  Kernels.canView(x.array, as: size) ? x.view(size) : x.clone().view(size)
}

func flattenedShape(_ shape: Shape, _ startDim: Int, _ endDim: Int) -> [Int] {
  if shape.isEmpty { return [1] }
  let start = shape.axis(startDim, "flatten")
  let end = shape.axis(endDim, "flatten")
  require(start <= end, "flatten: start_dim \(startDim) comes after end_dim \(endDim)")
  return Array(shape[..<start]) + [shape[start...end].reduce(1, *)] + Array(shape[(end + 1)...])
}

/// The parts of a gradient that belong to the joined tensors.
func catGradients(_ grad: Tensor, _ shapes: [Shape], _ dim: Int) -> [Tensor?] {
  let axis = grad.shape.axis(dim, "cat")
  var start = 0
  return shapes.map { shape in
    // PyTorch lets empty vectors take part whatever the other shapes are.
    if shape.count == 1 && shape[0] == 0 { return grad.zerosOf(shape) }
    defer { start += shape[axis] }
    return grad.slice(dim: axis, start: start, end: start + shape[axis])
  }
}

extension Tensor {
  /// A view with extents of 1 repeated.
  func expand(_ shape: Shape) -> Tensor { expand(Array(shape)) }
  /// The elements in another shape.
  func reshape(_ shape: Shape) -> Tensor { reshape(Array(shape)) }
}
