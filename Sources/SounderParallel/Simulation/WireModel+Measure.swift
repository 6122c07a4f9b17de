import CKernels
import SounderArray

extension WireModel {
  /// What a compression makes of gradients, and what it costs a core to write and read them.
  ///
  /// - Parameters:
  ///   - elementCount: the elements of the gradient.
  /// - Precondition: it is not PowerSGD, in which one rank of each host works for the others.
  public static func measure(_ compression: Compression, elementCount: Int) -> WireModel {
    if case .powerSGD = compression { require(false, "WireModel: PowerSGD codes no single values") }
    let count = min(max(elementCount, partElements), 1 << 23)
    guard let format = compression.format(elementCount: count) else { return WireModel() }
    let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
    defer { values.deallocate() }
    let bytes = format.byteCount(of: partElements)
    let message = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 64)
    defer { message.deallocate() }
    var (encoding, decoding): ([Double], [Double]) = ([], [])
    for round in 0..<rounds {
      for index in values.indices { values[index] = Float((index &* 7919 &+ round) % 1009) - 504 }
      let (encode, decode) = time(format, values, message)
      encoding.append(encode)
      decoding.append(decode)
    }
    return WireModel(
      bytesPerElement: Double(bytes) / Double(partElements),
      encodeSeconds: encoding.median, decodeSeconds: decoding.median)
  }

  /// The elements of a usual message, half a bucket of 256 KiB.
  private static let partElements = 1 << 15
  private static let rounds = 5

  /// Seconds an element of writing and of reading all values, part by part, and of keeping what was lost.
  private static func time(
    _ format: CodedFormat, _ values: UnsafeMutableBufferPointer<Float>,
    _ message: UnsafeMutableRawBufferPointer
  ) -> (encode: Double, decode: Double) {
    var (encode, decode) = (0.0, 0.0)
    func timed(_ total: inout Double, _ body: () -> Void) {
      let begin = ck_monotonic_nanoseconds()
      body()
      total += Double(ck_monotonic_nanoseconds() - begin) * 1e-9
    }
    let parts = values.count / partElements
    for part in 0..<parts {
      let range = part * partElements..<(part + 1) * partElements
      let own = UnsafeMutableBufferPointer(rebasing: values[range])
      let place = WirePlace(
        stage: .contribution, segments: [BucketPlan.Segment(parameter: 0, range: range)])
      timed(&encode) { format.encode(own, place, into: message) }
      timed(&decode) { format.decode(UnsafeRawBufferPointer(message), into: own) }
    }
    timed(&encode) { format.endStep(isRefused: false) }
    let elements = Double(parts * partElements)
    return (encode / elements, decode / elements)
  }
}
