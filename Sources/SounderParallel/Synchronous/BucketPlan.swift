/// How the flat gradient is cut into buckets, in the order backward passes complete them.
///
/// A bucket is a range of the flat layout that is reduced as soon as all its gradients are there.
/// Parameters are declared in the order of the forward pass, so buckets run from the end of the layout
/// to its start. Inside a bucket, *pieces* of at most 1,024 elements are the units that ranks share out
/// among themselves and that norms are summed over: they depend on the model only, never on the number
/// of ranks.
struct BucketPlan: Sendable, Hashable {
  /// The elements of a piece.
  static let pieceCount = 1024

  /// A range of the layout and the parameters that lie in it.
  struct Bucket: Sendable, Hashable {
    let range: Range<Int>
    let parameters: Range<Int>
    /// The number of this bucket's first piece among all pieces.
    let firstPiece: Int

    /// The number of pieces.
    var pieces: Int {
      range.isEmpty
        ? 0
        : (range.upperBound - 1) / BucketPlan.pieceCount - range.lowerBound / BucketPlan.pieceCount
          + 1
    }

    /// The elements of the pieces that part `part` of `parts` takes care of.
    func slice(_ part: Int, of parts: Int) -> Range<Int> {
      pieceStart(pieces * part / parts)..<pieceStart(pieces * (part + 1) / parts)
    }

    /// The first element of a piece, counted inside the bucket.
    func pieceStart(_ piece: Int) -> Int {
      if piece == 0 { return range.lowerBound }
      let aligned = (range.lowerBound / BucketPlan.pieceCount + piece) * BucketPlan.pieceCount
      return min(aligned, range.upperBound)
    }

    /// The pieces that part `part` of `parts` takes care of, numbered over all buckets.
    func pieceNumbers(_ part: Int, of parts: Int) -> Range<Int> {
      firstPiece + pieces * part / parts..<firstPiece + pieces * (part + 1) / parts
    }
  }

  /// The buckets in the order in which they become ready.
  let buckets: [Bucket]
  /// The bucket of every parameter.
  let bucketOfParameter: [Int]
  /// The number of pieces of all buckets.
  let pieceTotal: Int

  /// A plan for parameters that occupy `ranges` of the layout, with buckets of at most `limit` elements
  /// unless one parameter is larger.
  init(ranges: [Range<Int>], limit: Int) {
    var buckets: [Bucket] = []
    var bucketOfParameter = Array(repeating: 0, count: ranges.count)
    var pieceTotal = 0
    var last = ranges.count
    while last > 0 {
      var first = last - 1
      while first > 0 && ranges[last - 1].upperBound - ranges[first - 1].lowerBound <= limit {
        first -= 1
      }
      for parameter in first..<last { bucketOfParameter[parameter] = buckets.count }
      let bucket = Bucket(
        range: ranges[first].lowerBound..<ranges[last - 1].upperBound, parameters: first..<last,
        firstPiece: pieceTotal)
      pieceTotal += bucket.pieces
      buckets.append(bucket)
      last = first
    }
    self.buckets = buckets
    self.bucketOfParameter = bucketOfParameter
    self.pieceTotal = pieceTotal
  }
}
