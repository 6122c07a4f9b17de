/// What stands between the brackets of a subscript, for one dimension or several.
public enum TensorIndex: Sendable {
  /// One index, counted from the end if negative; the dimension disappears.
  case index(Int)
  /// Every step-th index from `start` up to `stop`; both may be absent or count from the end.
  case slice(start: Int?, stop: Int?, step: Int)
  /// All dimensions that are not named.
  case ellipsis
  /// A new dimension of extent 1.
  case newAxis
  /// Indices, or a mask of truth values.
  case tensor(Tensor)
}
