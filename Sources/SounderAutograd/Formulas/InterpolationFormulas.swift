import SounderArray

/// Interpolation with PyTorch's arguments: each spatial dimension in turn, as a sparse linear map.
func interpolateComposite(
  _ input: Tensor, _ size: [Int]?, _ scaleFactor: [Double]?, _ mode: String, _ alignCorners: Bool?,
  _ recomputeScaleFactor: Bool?, _ antialias: Bool
) -> Tensor {
  let name: StaticString = "interpolate"
  require(!antialias, "\(name): antialias is not supported")
  let spatial = input.rank - 2
  require(
    spatial >= 1 && spatial <= 3, "\(name): expects 3 to 5 dimensions, not shape \(input.shape)")
  let needed = ["linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3]
  require(
    needed[mode] != nil || ["nearest", "nearest-exact", "area"].contains(mode),
    "\(name): unknown mode '\(mode)'; known are nearest, nearest-exact, linear, bilinear, bicubic, "
      + "trilinear and area")
  require(
    needed[mode] ?? spatial == spatial,
    "\(name): mode '\(mode)' does not exist for shape \(input.shape)")
  require(
    alignCorners == nil || needed[mode] != nil,
    "\(name): align_corners has no meaning for mode '\(mode)'")
  require(
    (size == nil) != (scaleFactor == nil), "\(name): either size or scale_factor must be given")
  require(
    size == nil || recomputeScaleFactor != true,
    "\(name): recompute_scale_factor has no meaning with an explicit size")
  require(
    [1, spatial].contains(size?.count ?? scaleFactor?.count ?? 0),
    "\(name): size or scale_factor does not fit \(spatial) dimensions")
  var resamplings: [Resampling] = []
  for axis in 0..<spatial {
    let extent = input.shape[axis + 2]
    let factor = scaleFactor.map { $0.count == 1 ? $0[0] : $0[axis] }
    if let factor {
      require(
        factor > 0 && Double(extent) * factor < 0x1p31,
        "\(name): scale_factor \(factor) is out of range")
    }
    let count =
      factor.map { Int((Double(extent) * $0).rounded(.down)) }
      ?? size.map { $0.count == 1 ? $0[0] : $0[axis] } ?? 0
    require(
      extent > 0 && count > 0,
      "\(name): sizes must be positive, but the input is \(input.shape) and an extent of the result \(count)"
    )
    let keepsFactor = recomputeScaleFactor != true
    resamplings.append(
      Resampling(size: extent, count: count, factor: keepsFactor ? factor : nil))
  }
  require(
    input.shape[1] > 0, "\(name): extents other than the batch must not be zero (\(input.shape))")
  var result = input
  for (axis, resampling) in resamplings.enumerated() {
    switch mode {
    case "nearest", "nearest-exact":
      let indices = resampling.nearest(
        isExact: mode == "nearest-exact", isDouble: input.dtype == .float64)
      result = result.indexSelect(axis + 2, Tensor(indices))
    case "area": result = result.resampled(axis + 2, .means(resampling.size, resampling.count))
    case "bicubic": result = result.resampled(axis + 2, resampling.cubic(alignCorners ?? false))
    default: result = result.resampled(axis + 2, resampling.linear(alignCorners ?? false))
    }
  }
  return result
}

/// How one dimension is resampled.
private struct Resampling {
  let size: Int
  let count: Int
  /// The factor the caller gave; else it follows from the sizes.
  let factor: Double?

  /// Distance between neighbouring results, in elements of the input.
  private var step: Double { factor.map { 1 / $0 } ?? Double(size) / Double(count) }

  /// The element each result is a copy of.
  ///
  /// PyTorch computes the positions of float32 in single precision and rounds those of float64 to it;
  /// where a position lies on the border of two elements this decides.
  func nearest(isExact: Bool, isDouble: Bool) -> NDArray {
    let offset = isExact ? 0.5 : 0
    return NDArray(
      (0..<count).map { index in
        if !isExact && count == size { return index }
        let position =
          isDouble
          ? Float((Double(index) + offset) * step) : Float(Double(index) + offset) * Float(step)
        return min(Int(position.rounded(.down)), size - 1)
      })
  }

  /// Where a result lies, in elements of the input.
  private func position(_ index: Int, _ alignCorners: Bool) -> Double {
    if alignCorners {
      return count > 1 ? Double(index) * (Double(size - 1) / Double(count - 1)) : 0
    }
    return (Double(index) + 0.5) * step - 0.5
  }

  /// The two neighbours, weighted by distance.
  func linear(_ alignCorners: Bool) -> AxisMap {
    AxisMap(size: size, count: count, taps: 2) { index, tap in
      if size == count { return (index, tap == 0 ? 1 : 0) }
      let position = min(max(position(index, alignCorners), 0), Double(size - 1))
      let first = Int(position)
      let share = position - Double(first)
      return (min(first + tap, size - 1), tap == 0 ? 1 - share : share)
    }
  }

  /// Four neighbours, those outside replaced by the border, with Keys's kernel (1981) for a = -0.75.
  func cubic(_ alignCorners: Bool) -> AxisMap {
    AxisMap(size: size, count: count, taps: 4) { index, tap in
      let position = position(index, alignCorners)
      let first = position.rounded(.down)
      let source = min(max(Int(first) - 1 + tap, 0), size - 1)
      return (source, Self.keys(abs(position - first + 1 - Double(tap))))
    }
  }

  private static func keys(_ distance: Double) -> Double {
    let a = -0.75
    if distance <= 1 { return ((a + 2) * distance - (a + 3)) * distance * distance + 1 }
    return ((distance - 5) * distance + 8) * distance * a - 4 * a
  }
}
