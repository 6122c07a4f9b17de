import CKernels

typealias UnaryLoop =
  @convention(c) (
    UnsafeMutableRawPointer?, Int, UnsafeRawPointer?, Int, Int, UnsafeRawPointer?
  ) -> Void
typealias BinaryLoop =
  @convention(c) (
    UnsafeMutableRawPointer?, Int, UnsafeRawPointer?, Int, UnsafeRawPointer?, Int, Int,
    UnsafeRawPointer?
  ) -> Void

/// The engine beneath element-wise kernels: runs C loops over operands of any strides.
enum Elementwise {
  /// Runs a loop of one operand; both arrays have the same shape.
  @inline(__always)
  static func run(
    _ loop: UnaryLoop, _ out: NDArray, _ a: NDArray, _ parameters: UnsafeRawPointer? = nil
  ) {
    if out.isContiguous && a.isContiguous {
      loop(out.pointer, 1, a.pointer, 1, out.count, parameters)
    } else {
      runStrided(loop, out, a, a.strides, parameters)
    }
  }

  @inline(never)
  private static func runStrided(
    _ loop: UnaryLoop, _ out: NDArray, _ a: NDArray, _ aStrides: Strides,
    _ parameters: UnsafeRawPointer?
  ) {
    let nest = LoopNest(out.shape, out.strides, aStrides, reorders: true)
    nest.forEachRun(LoopOperands(out, a)) { addresses, strides, count in
      loop(addresses[0], strides[0], addresses[1], strides[1], count, parameters)
    }
  }

  /// Runs a loop of two operands that broadcast to the shape of `out`.
  @inline(never)
  static func run(
    _ loop: BinaryLoop, _ out: NDArray, _ a: NDArray, _ b: NDArray,
    _ parameters: UnsafeRawPointer? = nil
  ) {
    let nest = LoopNest(
      out.shape, out.strides, a.strides(broadcastTo: out.shape),
      b.strides(broadcastTo: out.shape), reorders: true)
    nest.forEachRun(LoopOperands(out, a, b)) { addresses, strides, count in
      loop(
        addresses[0], strides[0], addresses[1], strides[1], addresses[2], strides[2], count,
        parameters)
    }
  }

  /// Runs a loop whose second (or, reversed, first) operand is one number.
  static func run(
    _ loop: BinaryLoop, _ out: NDArray, _ a: NDArray, _ number: ScalarParameters,
    reversed: Bool = false, _ parameters: UnsafeRawPointer? = nil
  ) {
    number.withPointer { value in
      let nest = LoopNest(out.shape, out.strides, a.strides, reorders: true)
      nest.forEachRun(LoopOperands(out, a)) { addresses, strides, count in
        let x = UnsafeRawPointer(addresses[1])
        loop(
          addresses[0], strides[0], reversed ? value : x, reversed ? 0 : strides[1],
          reversed ? x : value, reversed ? strides[1] : 0, count, parameters)
      }
    }
  }

  /// The array a kernel computes into: `out` itself if it fits, else a new one.
  ///
  /// An input that shares memory with `out` in another arrangement would be overwritten while it is
  /// still needed, so it gets a new array too.
  static func destination(
    _ out: NDArray?, _ shape: Shape, _ dtype: DType, inputs: NDArray..., name: StaticString
  ) -> NDArray {
    guard let out else { return NDArray(uninitialized: shape, dtype) }
    require(
      out.shape == shape, "\(name): the destination has shape \(out.shape), the result \(shape)")
    var fits = out.dtype == dtype
    for input in inputs where out.mayOverlap(input) {
      fits =
        fits && input.offset == out.offset && input.strides(broadcastTo: shape) == out.strides
        && input.dtype == out.dtype
    }
    return fits ? out : NDArray(uninitialized: shape, dtype)
  }

  /// Delivers a result computed in ``destination(_:_:_:inputs:name:)``.
  static func deliver(_ result: NDArray, _ out: NDArray?, name: StaticString) -> NDArray {
    guard let out else { return result }
    if out.storage === result.storage { return out }
    require(
      result.dtype.canStore(in: out.dtype),
      "\(name): a \(result.dtype.name) result cannot be stored in a \(out.dtype.name) array")
    out.copy(from: result)
    return out
  }

  /// The shape both operands broadcast to.
  static func broadcast(_ a: NDArray, _ b: NDArray, name: StaticString) -> Shape {
    guard let shape = a.shape.broadcast(with: b.shape) else {
      failRequirement("\(name): shapes \(a.shape) and \(b.shape) do not broadcast", #fileID, #line)
    }
    return shape
  }

  /// Ends the program because an operation does not exist for a type.
  @inline(never)
  static func unsupported(_ name: StaticString, _ dtype: DType) -> Never {
    failRequirement("\(name): not defined for \(dtype.name)", #fileID, #line)
  }
}

extension DType {
  private var category: Int { isComplex ? 3 : isFloatingPoint ? 2 : self == .bool ? 0 : 1 }

  /// Whether results of this type may be stored in place as `other`: not from a higher category.
  public func canStore(in other: DType) -> Bool { category <= other.category }
}
