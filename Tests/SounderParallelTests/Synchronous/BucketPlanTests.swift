import SounderArray
import Testing

@testable import SounderParallel

@Suite("The plan of gradient buckets")
struct BucketPlanTests {
  private let ranges = [0..<3000, 3008..<3018, 3024..<20_000, 20_000..<20_010]

  @Test("Buckets take the parameters in the given order", arguments: [1, 100, 5_000, 1_000_000])
  func cover(limit: Int) {
    let plan = BucketPlan(
      ranges: ranges, order: [3, 1, 2, 0],
      sizes: BucketSizes(first: 4 * limit, regular: 4 * limit, last: 4 * limit))
    #expect(plan.buckets.flatMap { $0.segments.map(\.parameter) }.sorted() == [0, 1, 2, 3])
    for (number, bucket) in plan.buckets.enumerated() {
      #expect(bucket.segments.count == 1 || bucket.elementCount <= limit)
      for (place, segment) in bucket.segments.enumerated() {
        #expect(segment.range == ranges[segment.parameter])
        #expect(plan.bucketOfParameter[segment.parameter] == number)
        #expect(plan.placeOfParameter[segment.parameter] == place)
      }
    }
    let words = plan.buckets.map { BucketHeader.wordCount(parameters: $0.segments.count) }
    #expect(words.reduce(0, +) <= BucketPlan.headerCapacity(parameters: ranges.count))
  }

  @Test("Slices share a bucket out completely, in whole pieces", arguments: 1...9)
  func slices(parts: Int) {
    let plan = BucketPlan(ranges: ranges, groups: [[0, 3], [2, 1]])
    let numbers = PieceNumbers(ranges: ranges)
    var seen = Set<Int>()
    for bucket in plan.buckets {
      let slices = (0..<parts).map { bucket.slice($0, of: parts) }
      #expect(
        slices.joined().flatMap { Array($0.range) } == bucket.segments.flatMap { Array($0.range) })
      for segment in slices.joined() {
        var next = segment.range.lowerBound
        numbers.forEach(of: segment) { number, range in
          #expect(seen.insert(number).inserted, "piece \(number) is in two slices")
          #expect(range.lowerBound == next)
          next = range.upperBound
        }
        #expect(next == segment.range.upperBound)
      }
      let sizes = slices.map { $0.reduce(0) { $0 + $1.range.count } }
      #expect((sizes.max() ?? 0) <= bucket.elementCount / parts + 2 * BucketPlan.pieceCount)
    }
    #expect(seen == Set(0..<numbers.total))
  }

  @Test("DP-10: a header joins what ranks know, bit by bit")
  func headers() {
    var left = BucketHeader(parameters: 130)
    var right = left
    left.touch(0)
    left.touch(129)
    right.touch(64)
    right.refuse()
    right.words.withUnsafeBufferPointer { left.formUnion($0.baseAddress!) }
    #expect((0..<130).filter(left.isTouched) == [0, 64, 129])
    #expect(left.isRefused && left.words.count == BucketHeader.wordCount(parameters: 130))
  }
}
