import CKernels
import SounderArray

/// The type of a parameter's elements in flat memory, which is counted in words of 4 bytes.
///
/// Everything that looks at elements rather than moving words asks here. Ranges are in words and hold whole
/// elements, whatever the buckets, pieces and blocks are: all of these have even lengths.
enum FlatElement: Sendable, Hashable {
  case float32, float64

  /// Nil for types that cannot be summed up.
  init?(_ dtype: DType) {
    switch dtype {
    case .float32: self = .float32
    case .float64: self = .float64
    default: return nil
    }
  }

  var dtype: DType { self == .float32 ? .float32 : .float64 }
  /// The words that one element takes.
  var words: Int { self == .float32 ? 1 : 2 }

  /// out = a + b; `out` may be one of the operands.
  @inline(__always) func add(
    _ out: UnsafeMutablePointer<Float>, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    words count: Int
  ) {
    switch self {
    case .float32: ck_sum_f32(out, a, b, count)
    case .float64: ck_sum_f64(Self.doubles(out), Self.doubles(a), Self.doubles(b), count / 2)
    }
  }

  /// Whether all elements are finite numbers.
  @inline(__always) func areFinite(_ values: UnsafePointer<Float>, words count: Int) -> Bool {
    switch self {
    case .float32: ck_all_finite_f32(values, Int64(count)) != 0
    case .float64: ck_all_finite_f64(Self.doubles(values), Int64(count / 2)) != 0
    }
  }

  /// The first element that is infinite or no number.
  func firstNotFinite(_ values: UnsafePointer<Float>, words count: Int) -> Double? {
    switch self {
    case .float32:
      UnsafeBufferPointer(start: values, count: count).first { !$0.isFinite }.map(Double.init)
    case .float64:
      UnsafeBufferPointer(start: Self.doubles(values), count: count / 2).first { !$0.isFinite }
    }
  }

  /// The sum of the squares of the elements of a range.
  func squaredNorm(_ values: UnsafePointer<Float>, _ range: Range<Int>) -> Double {
    let (begin, end) = (Int64(range.lowerBound / words), Int64(range.upperBound / words))
    switch self {
    case .float32: return ck_squared_norm_f32(values, begin, end)
    case .float64: return ck_squared_norm_f64(Self.doubles(values), begin, end)
    }
  }

  /// The inner products of a range of two vectors: of both, and of each with itself.
  func innerProducts(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ range: Range<Int>,
    into products: UnsafeMutablePointer<Double>
  ) {
    let (begin, end) = (Int64(range.lowerBound / words), Int64(range.upperBound / words))
    switch self {
    case .float32: ck_inner_products_f32(a, b, begin, end, products)
    case .float64:
      ck_inner_products_f64(Self.doubles(a), Self.doubles(b), begin, end, products)
    }
  }

  /// out = scaleA a + scaleB b in a range; `out` may be one of the operands.
  func weightedSum(
    _ out: UnsafeMutablePointer<Float>, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ scaleA: Double, _ scaleB: Double, _ range: Range<Int>
  ) {
    let (begin, end) = (Int64(range.lowerBound / words), Int64(range.upperBound / words))
    switch self {
    case .float32: ck_weighted_sum_f32(out, a, b, scaleA, scaleB, begin, end)
    case .float64:
      ck_weighted_sum_f64(
        Self.doubles(out), Self.doubles(a), Self.doubles(b), scaleA, scaleB, begin, end)
    }
  }

  private static func doubles(_ words: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Double>
  {
    UnsafeMutableRawPointer(words).assumingMemoryBound(to: Double.self)
  }

  private static func doubles(_ words: UnsafePointer<Float>) -> UnsafePointer<Double> {
    UnsafeRawPointer(words).assumingMemoryBound(to: Double.self)
  }
}
