/// Segments of a flat array, and the same values side by side in a message.
struct PackedSegments {
  let segments: [BucketPlan.Segment]
  /// The elements of all segments.
  let count: Int

  init(_ segments: [BucketPlan.Segment]) {
    self.segments = segments
    count = segments.reduce(0) { $0 + $1.range.count }
  }

  /// Calls `body` with every segment and its place in the message.
  func eachSegment(_ body: (BucketPlan.Segment, _ offset: Int) -> Void) {
    var offset = 0
    for segment in segments {
      body(segment, offset)
      offset += segment.range.count
    }
  }

  /// Copies the segments out of a flat array.
  func pack(_ flat: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
    eachSegment { segment, offset in
      (packed + offset).update(from: flat + segment.range.lowerBound, count: segment.range.count)
    }
  }

  /// Copies the segments back into a flat array.
  func unpack(_ packed: UnsafePointer<Float>, into flat: UnsafeMutablePointer<Float>) {
    eachSegment { segment, offset in
      (flat + segment.range.lowerBound).update(from: packed + offset, count: segment.range.count)
    }
  }
}
