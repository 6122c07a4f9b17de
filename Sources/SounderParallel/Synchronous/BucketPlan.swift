/// How the gradients are cut into buckets, in the order in which buckets are reduced.
///
/// A bucket is a set of parameters that are reduced together as soon as all their gradients are there.
/// They need not lie side by side in the flat layout: a bucket hands out *segments*, each a range of one
/// parameter. Ranks share a bucket out among themselves in *pieces* of at most 1,024 elements of one
/// parameter, over which norms are summed too: pieces depend on the model only, never on buckets or ranks,
/// so no result does.
struct BucketPlan: Sendable, Hashable {
  /// The elements of a piece.
  static let pieceCount = 1024

  /// A range of the flat layout inside one parameter.
  struct Segment: Sendable, Hashable {
    let parameter: Int
    let range: Range<Int>
  }

  /// Parameters that are reduced together.
  struct Bucket: Sendable, Hashable {
    /// The parameters, ascending, each whole.
    let segments: [Segment]
    /// The elements of all parameters.
    let elementCount: Int
    /// Where the bucket's header lies among the headers of all buckets, in words.
    let headerOffset: Int

    init(segments: [Segment], headerOffset: Int) {
      self.segments = segments
      self.headerOffset = headerOffset
      elementCount = segments.reduce(0) { $0 + $1.range.count }
    }

    /// The elements that part `part` of `parts` takes care of: whole pieces, about equally many.
    func slice(_ part: Int, of parts: Int) -> [Segment] {
      let wanted = boundary(part, of: parts)..<boundary(part + 1, of: parts)
      var result: [Segment] = []
      var start = 0
      for segment in segments {
        let own = wanted.clamped(to: start..<start + segment.range.count)
        if !own.isEmpty {
          let shift = segment.range.lowerBound - start
          result.append(
            Segment(
              parameter: segment.parameter,
              range: own.lowerBound + shift..<own.upperBound + shift))
        }
        start += segment.range.count
      }
      return result
    }

    /// Where a part begins, counted in elements of the bucket.
    private func boundary(_ part: Int, of parts: Int) -> Int {
      let target = elementCount * part / parts
      var start = 0
      for segment in segments {
        let count = segment.range.count
        if target < start + count {
          let pieces = (target - start + BucketPlan.pieceCount - 1) / BucketPlan.pieceCount
          return start + min(pieces * BucketPlan.pieceCount, count)
        }
        start += count
      }
      return start
    }
  }

  /// The buckets in the order in which they are reduced.
  let buckets: [Bucket]
  /// The bucket of every parameter.
  let bucketOfParameter: [Int]
  /// The place of every parameter in its bucket.
  let placeOfParameter: [Int]

  /// A plan with the given parameters in each bucket; all together are `0..<ranges.count`.
  init(ranges: [Range<Int>], groups: [[Int]]) {
    var buckets: [Bucket] = []
    var bucketOfParameter = Array(repeating: 0, count: ranges.count)
    var placeOfParameter = bucketOfParameter
    var headerOffset = 0
    for group in groups {
      let parameters = group.sorted()
      for (place, parameter) in parameters.enumerated() {
        bucketOfParameter[parameter] = buckets.count
        placeOfParameter[parameter] = place
      }
      buckets.append(
        Bucket(
          segments: parameters.map { Segment(parameter: $0, range: ranges[$0]) },
          headerOffset: headerOffset))
      headerOffset += BucketHeader.wordCount(parameters: parameters.count)
    }
    self.buckets = buckets
    self.bucketOfParameter = bucketOfParameter
    self.placeOfParameter = placeOfParameter
  }

  /// The words that the headers of all buckets take, whatever the buckets of `parameters` parameters are.
  static func headerCapacity(parameters: Int) -> Int { max(2 * parameters, 1) }
}

/// The pieces of all parameters, numbered in the order of the layout.
struct PieceNumbers: Sendable {
  private let first: [Int]
  private let starts: [Int]
  /// The number of all pieces.
  let total: Int

  init(ranges: [Range<Int>]) {
    var next = 0
    first = ranges.map { range in
      defer { next += (range.count + BucketPlan.pieceCount - 1) / BucketPlan.pieceCount }
      return next
    }
    starts = ranges.map(\.lowerBound)
    total = next
  }

  /// Calls `body` with the number and the elements of each piece of a segment, which holds whole pieces.
  func forEach(of segment: BucketPlan.Segment, _ body: (Int, Range<Int>) -> Void) {
    var begin = segment.range.lowerBound
    var number =
      first[segment.parameter] + (begin - starts[segment.parameter]) / BucketPlan.pieceCount
    while begin < segment.range.upperBound {
      let end = min(begin + BucketPlan.pieceCount, segment.range.upperBound)
      body(number, begin..<end)
      number += 1
      begin = end
    }
  }
}
