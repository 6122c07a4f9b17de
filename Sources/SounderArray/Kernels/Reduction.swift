import CKernels

/// A reduction over some dimensions: which remain, which go, and the loops over them.
struct Reduction {
  let input: NDArray
  private var kept = (shape: Shape(), strides: Strides())
  private var reduced = (shape: Shape(), strides: Strides())
  /// The result's shape, with extents of 1 for the reduced dimensions if they are kept.
  private(set) var shape = Shape()

  /// Reduces the dimensions whose bit is set in `mask`.
  init(_ input: NDArray, mask: Int, keepdim: Bool) {
    self.input = input
    for axis in 0..<input.rank {
      if mask & (1 << axis) != 0 {
        reduced.shape.append(input.shape[axis])
        reduced.strides.append(input.strides[axis])
        if keepdim { shape.append(1) }
      } else {
        kept.shape.append(input.shape[axis])
        kept.strides.append(input.strides[axis])
        shape.append(input.shape[axis])
      }
    }
  }

  /// How many elements each result is made from.
  var elementsPerResult: Int { reduced.shape.elementCount }

  /// Folds the elements into accumulators of type `accumulator`, one per result, in row-major order.
  func fold(_ op: ck_reduce_op, into accumulator: DType, initial: Scalar, name: StaticString)
    -> NDArray
  {
    let result =
      initial == 0 ? Kernels.zeros(shape, accumulator) : Kernels.full(shape, initial, accumulator)
    guard let loop = ck_reduce(op, input.dtype.rawValue),
      let columnsLoop = ck_reduce_columns(op, input.dtype.rawValue)
    else { Elementwise.unsupported(name, input.dtype) }
    let outer = LoopNest(kept.shape, kept.shape.contiguousStrides, kept.strides)
    let inner = LoopNest(reduced.shape, reduced.strides)
    let keptStride = outer.inner[1]
    let reducedStride = inner.inner[0]
    let byColumns = outer.inner[0] == 1 && keptStride != 0 && keptStride < reducedStride
    outer.forEachRun { start, columns in
      inner.forEachRun { offset, rows in
        if byColumns {
          columnsLoop(
            result.address(start[0]), input.address(start[1] + offset[0]), reducedStride,
            keptStride, rows, columns)
        } else {
          for column in 0..<columns {
            loop(
              result.address(start[0] + column),
              input.address(start[1] + offset[0] + column * keptStride), reducedStride, rows)
          }
        }
      }
    }
    return result
  }

  /// Calls `body` for each result's index with its run along the one reduced dimension.
  func forEachLine(
    _ body: (_ result: Int, _ line: UnsafeRawPointer, _ stride: Int, _ count: Int) -> Void
  ) {
    let outer = LoopNest(kept.shape, kept.shape.contiguousStrides, kept.strides)
    let stride = reduced.strides.first ?? 1
    let length = reduced.shape.first ?? 1
    outer.forEachRun { start, count in
      for step in 0..<count {
        body(
          start[0] + step, input.address(start[1] + step * outer.inner[1]), stride, length)
      }
    }
  }

  /// The bits of a list of dimensions; all of them for nil and for an empty list.
  static func mask(_ dims: [Int]?, _ shape: Shape, _ name: StaticString) -> Int {
    guard let dims, !dims.isEmpty else { return (1 << shape.count) - 1 }
    var mask = 0
    for dim in dims {
      let axis = shape.axis(dim, "\(name)")
      require(mask & (1 << axis) == 0, "\(name): dimension \(dim) occurs twice in \(dims)")
      mask |= 1 << axis
    }
    return mask
  }
}

extension DType {
  /// The type sums are accumulated in.
  var sumAccumulator: DType {
    isComplex ? .complex128 : isFloatingPoint ? .float64 : .int64
  }
}

extension Kernels {
  /// Converts accumulators to the result's type, straight into the destination if there is one.
  static func deliver(
    _ accumulators: NDArray, _ dtype: DType, _ out: NDArray?, _ name: StaticString
  ) -> NDArray {
    guard let out else { return accumulators.cast(to: dtype) }
    require(
      out.shape == accumulators.shape,
      "\(name): the destination has shape \(out.shape), the result \(accumulators.shape)")
    out.copy(from: accumulators)
    return out
  }
}
