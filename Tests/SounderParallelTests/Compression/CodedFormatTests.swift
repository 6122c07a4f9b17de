import Testing

@testable import SounderParallel

@Suite struct CodedFormatTests {
  static let count = 700
  static let place = WirePlace(
    stage: .contribution,
    segments: [
      BucketPlan.Segment(parameter: 0, range: 10..<310),
      BucketPlan.Segment(parameter: 1, range: 500..<900),
    ])

  /// Writes values and returns what readers read.
  static func send(_ values: [Float], _ format: CodedFormat, _ place: WirePlace = place) -> [Float]
  {
    var values = values
    let count = values.count
    var result = values
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: format.byteCount(of: count), alignment: 8)
    defer { bytes.deallocate() }
    values.withUnsafeMutableBufferPointer { format.encode($0, place, into: bytes) }
    result.withUnsafeMutableBufferPointer { format.decode(UnsafeRawBufferPointer(bytes), into: $0) }
    return result
  }

  static func format(_ compression: Compression) throws -> CodedFormat {
    try #require(compression.format(elementCount: 1000))
  }

  @Test(
    "DP-19, DP-21: with error feedback nothing is lost for good",
    arguments: [Compression.int8, .topK(fraction: 0.05), .topK(fraction: 1)])
  func feedback(compression: Compression) throws {
    let format = try Self.format(compression)
    var wanted = [Double](repeating: 0, count: Self.count)
    var arrived = wanted
    for step in 0..<50 {
      let values = FloatCodeTests.normal(Self.count, seed: UInt64(step))
      let read = Self.send(values, format)
      format.endStep(isRefused: false)
      for index in values.indices {
        wanted[index] += Double(values[index])
        arrived[index] += Double(read[index])
      }
    }
    let left = try #require(format.residuals).state.contributions
    let own = Array(left[10..<310]) + Array(left[500..<900])
    for index in wanted.indices {
      #expect(abs(wanted[index] - arrived[index] - Double(own[index])) < 1e-3)
    }
    // Elements of other segments are not touched.
    #expect(left[..<10].allSatisfy { $0 == 0 })
    #expect(left[310..<500].allSatisfy { $0 == 0 })
  }

  @Test("DP-21: what top-k leaves out grows until it is sent")
  func everythingIsSent() throws {
    let format = try Self.format(.topK(fraction: 0.01))
    let values = FloatCodeTests.normal(Self.count, seed: 3).map { $0 + 2 }
    var seen = Set<Int>()
    for _ in 0..<400 {
      for (index, value) in Self.send(values, format).enumerated() where value != 0 {
        seen.insert(index)
      }
      format.endStep(isRefused: false)
    }
    #expect(seen.count > Self.count * 9 / 10)
  }

  @Test("DP-21: a refused step leaves no trace, and contributions and results do not mix")
  func refusal() throws {
    let format = try Self.format(.topK(fraction: 0.1))
    let values = FloatCodeTests.normal(Self.count, seed: 4)
    let first = Self.send(values, format)
    format.endStep(isRefused: true)
    #expect(Self.send(values, format) == first)
    format.endStep(isRefused: false)
    #expect(Self.send(values, format) != first)
    let result = WirePlace(stage: .result, segments: Self.place.segments)
    #expect(Self.send(values, format, result) == first)
  }

  @Test("DP-21: state that is put into another format goes on as in this one")
  func state() throws {
    let (left, right) = (try Self.format(.int8), try Self.format(.int8))
    for step in 0..<3 {
      _ = Self.send(FloatCodeTests.normal(Self.count, seed: UInt64(step)), left)
      left.endStep(isRefused: false)
    }
    let state = try #require(left.residuals).state
    #expect(state.contributions.contains { $0 != 0 })
    try #require(right.residuals).state = state
    let next = FloatCodeTests.normal(Self.count, seed: 9)
    #expect(Self.send(next, left) == Self.send(next, right))
  }

  @Test("DP-18: the 16-bit forms keep nothing", arguments: [Compression.bf16, .fp16])
  func halves(compression: Compression) throws {
    let format = try Self.format(compression)
    #expect(format.residuals == nil)
    #expect(format.byteCount(of: 1000) == 2000)
    let values = FloatCodeTests.normal(Self.count, seed: 5)
    #expect(Self.send(values, format) == Self.send(values, format))
  }
}
