import CKernels

/// Runs functions of whole rows along any dimension.
enum Rows {
  /// The arrays with `axis` last, contiguous, in an inexact type: what row functions take.
  static func prepare(_ array: NDArray, _ axis: Int, _ dtype: DType) -> NDArray {
    moved(array.cast(to: dtype), axis, to: array.rank - 1).contiguous()
  }

  /// A view with one dimension moved elsewhere.
  static func moved(_ array: NDArray, _ from: Int, to: Int) -> NDArray {
    if from == to || array.rank == 0 { return array }
    return array.viewed(
      array.shape.removing(from).inserting(array.shape[from], at: to),
      array.strides.removing(from).inserting(array.strides[from], at: to))
  }

  static func compute(_ dtype: DType, _ name: StaticString) -> DType {
    require(
      dtype.isFloatingPoint, "\(name): not defined for \(dtype.name)")
    return dtype == .float64 ? .float64 : .float32
  }
}

extension NDArray {
  @inline(__always)
  var floats: UnsafeMutablePointer<Float> { pointer.assumingMemoryBound(to: Float.self) }
  @inline(__always)
  var doubles: UnsafeMutablePointer<Double> { pointer.assumingMemoryBound(to: Double.self) }
  @inline(__always)
  var indices: UnsafeMutablePointer<Int64> { pointer.assumingMemoryBound(to: Int64.self) }
}

extension Kernels {
  /// exp(x) / sum(exp(x)) along a dimension.
  public static func softmax(_ self: NDArray, _ dim: Int, _ dtype: DType? = nil) -> NDArray {
    rows(dtype.map { self.cast(to: $0) } ?? self, dim, "softmax", ck_softmax_f32, ck_softmax_f64)
  }

  /// The logarithm of ``softmax(_:_:_:)``, computed without cancellation.
  public static func logSoftmax(_ self: NDArray, _ dim: Int, _ dtype: DType? = nil) -> NDArray {
    rows(
      dtype.map { self.cast(to: $0) } ?? self, dim, "log_softmax", ck_log_softmax_f32,
      ck_log_softmax_f64)
  }

  /// The gradient through ``softmax(_:_:_:)``, from its output.
  public static func softmaxBackward(_ grad: NDArray, _ output: NDArray, _ dim: Int) -> NDArray {
    rows(
      grad, output, dim, "softmax_backward", ck_softmax_backward_f32, ck_softmax_backward_f64)
  }

  /// The gradient through ``logSoftmax(_:_:_:)``, from its output.
  public static func logSoftmaxBackward(_ grad: NDArray, _ output: NDArray, _ dim: Int)
    -> NDArray
  {
    rows(
      grad, output, dim, "log_softmax_backward", ck_log_softmax_backward_f32,
      ck_log_softmax_backward_f64)
  }

  private typealias RowFunction<T> = (
    UnsafeMutablePointer<T>?, UnsafePointer<T>?, Int, Int
  ) -> Void
  private typealias RowGradient<T> = (
    UnsafeMutablePointer<T>?, UnsafePointer<T>?, UnsafePointer<T>?, Int, Int
  ) -> Void

  private static func rows(
    _ self: NDArray, _ dim: Int, _ name: StaticString, _ single: RowFunction<Float>,
    _ double: RowFunction<Double>
  ) -> NDArray {
    let axis = self.shape.axis(dim, "\(name)")
    let dtype = Rows.compute(self.dtype, name)
    let input = Rows.prepare(self, axis, dtype)
    let result = NDArray(uninitialized: input.shape, dtype)
    let width = self.rank == 0 ? 1 : self.shape[axis]
    let count = width == 0 ? 0 : input.count / width
    if dtype == .float32 {
      single(result.floats, input.floats, count, width)
    } else {
      double(result.doubles, input.doubles, count, width)
    }
    return Rows.moved(result, self.rank - 1, to: axis).contiguous().cast(to: self.dtype)
  }

  private static func rows(
    _ grad: NDArray, _ output: NDArray, _ dim: Int, _ name: StaticString,
    _ single: RowGradient<Float>, _ double: RowGradient<Double>
  ) -> NDArray {
    require(
      grad.shape == output.shape,
      "\(name): gradient \(grad.shape) and output \(output.shape) differ in shape")
    let axis = output.shape.axis(dim, "\(name)")
    let dtype = Rows.compute(output.dtype, name)
    let gradient = Rows.prepare(grad, axis, dtype)
    let saved = Rows.prepare(output, axis, dtype)
    let result = NDArray(uninitialized: saved.shape, dtype)
    let width = output.rank == 0 ? 1 : output.shape[axis]
    let count = width == 0 ? 0 : saved.count / width
    if dtype == .float32 {
      single(result.floats, gradient.floats, saved.floats, count, width)
    } else {
      double(result.doubles, gradient.doubles, saved.doubles, count, width)
    }
    return Rows.moved(result, output.rank - 1, to: axis).contiguous().cast(to: output.dtype)
  }
}
