import CKernels

/// How a Hogwild worker writes its update into the shared parameters.
public enum StorePolicy: String, Sendable, CaseIterable {
  /// 16 bytes at a time: the speed of plain stores; two workers on one vector may lose an update.
  case wide
  /// 4 bytes at a time: the smallest window for a lost update without paying for exactness.
  case relaxed
  /// Compare-and-swap: no update is lost, at some 4.5 ns an element.
  case exact

  /// The policy for a parameter of `count` elements: small ones are hot, so theirs are exact.
  public static func standard(count: Int) -> StorePolicy { count <= 64 ? .exact : .wide }

  /// Subtracts a step and returns how often a compare-and-swap had to be tried again.
  func subtract(
    _ delta: UnsafePointer<Float>, from shared: UnsafeMutablePointer<Float>, count: Int
  ) -> Int {
    switch self {
    case .wide: ck_hogwild_subtract_wide_f32(shared, delta, count)
    case .relaxed: ck_hogwild_subtract_relaxed_f32(shared, delta, count)
    case .exact: return Int(ck_hogwild_subtract_exact_f32(shared, delta, count))
    }
    return 0
  }
}
