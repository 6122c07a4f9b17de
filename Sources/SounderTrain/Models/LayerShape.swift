/// What flows between layers, without the batch dimension.
public struct LayerShape: Sendable, Hashable, CustomStringConvertible {
  /// The extents: `[features]`, `[channels, height, width]`, `[length, width]`.
  public var extents: [Int]
  /// The number of different tokens, if the elements are tokens rather than numbers.
  public var vocabulary: Int?

  /// A shape.
  public init(_ extents: [Int], vocabulary: Int? = nil) {
    self.extents = extents
    self.vocabulary = vocabulary
  }

  /// The extents in brackets, as in `[32, 26, 26]`.
  public var description: String {
    "\(extents)" + (vocabulary.map { " of \($0) tokens" } ?? "")
  }
}
