import SounderArray

/// The sum over the copies that `repeat` made.
func repeatGradient(_ grad: Tensor, _ shape: Shape, _ repeats: [Int]) -> Tensor {
  let added = repeats.count - shape.count
  var result = added > 0 ? grad.sum(Array(0..<added)) : grad
  for axis in shape.indices where repeats[axis + added] != 1 {
    let copies = [repeats[axis + added], shape[axis]]
    let size = Array(result.shape[..<axis]) + copies + Array(result.shape[(axis + 1)...])
    result = result.reshape(size).sum([axis])
  }
  return result
}

/// The repeats with 1 for the leading dimensions that are not named.
func tileRepeats(_ shape: Shape, _ dims: [Int]) -> [Int] {
  Array(repeating: 1, count: max(0, shape.count - dims.count)) + dims
}

/// Every index of a dimension repeated as often as `repeats`, one number or one for each index, says.
func repeatInterleaveComposite(
  _ x: Tensor, _ repeats: Tensor, _ dim: Int?, _ outputSize: Int?
) -> Tensor {
  let input = dim == nil ? x.reshape([x.count]) : x
  let axis = input.shape.axis(dim ?? 0, "repeat_interleave")
  require(
    repeats.rank <= 1 && (repeats.dtype == .int64 || repeats.dtype == .int32),
    "repeat_interleave: repeats is \(repeats.dtype.name)\(repeats.shape), not integers in a row")
  let extent = input.rank == 0 ? 1 : input.shape[axis]
  let counts = repeats.ints()
  require(
    counts.count == 1 || counts.count == extent,
    "repeat_interleave: \(counts.count) repeats for dimension \(dim ?? 0) of shape \(input.shape)")
  require(
    counts.allSatisfy { $0 >= 0 }, "repeat_interleave: a number of repeats is negative")
  var indices: [Int] = []
  for index in 0..<extent {
    indices += repeatElement(index, count: counts.count == 1 ? counts[0] : counts[index])
  }
  require(
    outputSize == nil || outputSize == indices.count,
    "repeat_interleave: output_size is \(outputSize ?? 0), the repeats add up to \(indices.count)")
  let vector = input.rank == 0 ? input.unsqueeze(0) : input
  return vector.indexSelect(axis, Tensor(indices))
}

func diagComposite(_ x: Tensor, _ diagonal: Int) -> Tensor {
  require(x.rank == 1 || x.rank == 2, "diag: expects one or two dimensions, not shape \(x.shape)")
  if x.rank == 2 { return x.diagonal(offset: diagonal).clone() }
  let extent = x.count + abs(diagonal)
  return x.diagonalBackward([extent, extent], diagonal, 0, 1)
}

/// Padding of the last dimensions, from the last one backwards.
func padComposite(_ x: Tensor, _ pad: [Int], _ mode: String, _ value: Scalar?) -> Tensor {
  require(
    pad.count % 2 == 0 && pad.count / 2 <= x.rank,
    "pad: \(pad) is not a list of pairs for dimensions of shape \(x.shape)")
  if mode == "constant" { return x.constantPadNd(pad, value: value ?? 0) }
  require(
    value == nil || value?.doubleValue == 0, "pad: mode '\(mode)' takes no value")
  require(
    pad.count / 2 < x.rank && pad.count / 2 <= 3,
    "pad: mode '\(mode)' pads the last one to three dimensions behind a batch or channels, "
      + "not \(pad) of shape \(x.shape)")
  var result = x
  for pair in 0..<pad.count / 2 {
    let axis = x.rank - 1 - pair
    let (before, after) = (pad[2 * pair], pad[2 * pair + 1])
    if before == 0 && after == 0 { continue }
    let indices = paddedIndices(x.shape[axis], before, after, mode, x.shape)
    result = result.indexSelect(axis, Tensor(indices))
  }
  return result === x ? x.clone() : result
}

/// Which index each one of a padded dimension repeats.
private func paddedIndices(
  _ extent: Int, _ before: Int, _ after: Int, _ mode: String, _ shape: Shape
) -> [Int] {
  let length = extent + before + after
  require(
    length >= 0 && extent > 0 && -before <= extent && -after <= extent,
    "pad: \((before, after)) cannot be added to an extent of \(extent) (shape \(shape))")
  let positions = -before..<(length - before)
  switch mode {
  case "replicate":
    return positions.map { min(max($0, 0), extent - 1) }
  case "reflect":
    require(
      before < extent && after < extent,
      "pad: a reflection of \((before, after)) is too long for an extent of \(extent) (shape \(shape))"
    )
    return positions.map { $0 < 0 ? -$0 : $0 >= extent ? 2 * (extent - 1) - $0 : $0 }
  case "circular":
    require(
      before <= extent && after <= extent,
      "pad: \((before, after)) would wrap an extent of \(extent) more than once (shape \(shape))")
    // What a negative number cuts off does not come back at the other end.
    let start = max(-before, 0)
    let rest = extent - start - max(-after, 0)
    require(rest > 0 || length == 0, "pad: nothing is left of an extent of \(extent) to repeat")
    return positions.map { start + (($0 - start) % rest + rest) % rest }
  default:
    failMode(mode)
  }
}

private func failMode(_ mode: String) -> Never {
  require(
    false, "pad: mode must be 'constant', 'reflect', 'replicate' or 'circular', not '\(mode)'")
  fatalError()
}
