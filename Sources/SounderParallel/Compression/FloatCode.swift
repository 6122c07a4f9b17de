import CKernels

/// A way to write floats in fewer bytes; the number of bytes depends on the number of floats only.
protocol FloatCode: Sendable {
  /// The bytes that `count` floats take.
  func byteCount(_ count: Int) -> Int
  /// Writes floats. The address is a multiple of 8.
  func write(_ values: UnsafePointer<Float>, _ count: Int, to code: UnsafeMutableRawPointer)
  /// Reads what was written, which may differ from what was given.
  func read(_ code: UnsafeRawPointer, _ count: Int, into values: UnsafeMutablePointer<Float>)
}

/// Floats of 16 bits, rounded to nearest, ties to even.
enum HalfCode: FloatCode {
  /// The range of float32, 8 significant bits: a relative error of at most 2⁻⁸.
  case bfloat16
  /// 11 significant bits, magnitudes up to 65,504: larger finite ones become that.
  case float16

  func byteCount(_ count: Int) -> Int { count * 2 }

  func write(_ values: UnsafePointer<Float>, _ count: Int, to code: UnsafeMutableRawPointer) {
    let target = code.assumingMemoryBound(to: UInt16.self)
    switch self {
    case .bfloat16: ck_encode_bf16(target, values, Int64(count))
    case .float16: ck_encode_fp16(target, values, Int64(count))
    }
  }

  func read(_ code: UnsafeRawPointer, _ count: Int, into values: UnsafeMutablePointer<Float>) {
    let source = code.assumingMemoryBound(to: UInt16.self)
    switch self {
    case .bfloat16: ck_decode_bf16(values, source, Int64(count))
    case .float16: ck_decode_fp16(values, source, Int64(count))
    }
  }
}

/// One byte a float, a multiple of the scale of its block: first all scales, then all bytes.
///
/// The error is at most half a 127th of the largest magnitude of the block.
struct BlockCode: FloatCode {
  /// The floats that share a scale.
  static let block = Int(CK_INT8_BLOCK)

  private func scaleBytes(_ count: Int) -> Int { (count + Self.block - 1) / Self.block * 4 }

  func byteCount(_ count: Int) -> Int { scaleBytes(count) + count }

  func write(_ values: UnsafePointer<Float>, _ count: Int, to code: UnsafeMutableRawPointer) {
    ck_encode_int8(
      (code + scaleBytes(count)).assumingMemoryBound(to: Int8.self),
      code.assumingMemoryBound(to: Float.self), values, Int64(count))
  }

  func read(_ code: UnsafeRawPointer, _ count: Int, into values: UnsafeMutablePointer<Float>) {
    ck_decode_int8(
      values, (code + scaleBytes(count)).assumingMemoryBound(to: Int8.self),
      code.assumingMemoryBound(to: Float.self), Int64(count))
  }
}

/// The floats of the largest magnitude and their places.
///
/// First come all places, then all floats; the others read as 0. Of equal magnitudes the first are taken.
struct TopKCode: FloatCode {
  /// The part of the floats that is written.
  let fraction: Double

  /// The number of floats that are written; at least one.
  func kept(_ count: Int) -> Int {
    min(count, max(1, Int((Double(count) * fraction).rounded(.up))))
  }

  func byteCount(_ count: Int) -> Int { kept(count) * 8 }

  func write(_ values: UnsafePointer<Float>, _ count: Int, to code: UnsafeMutableRawPointer) {
    let kept = kept(count)
    let places = code.assumingMemoryBound(to: UInt32.self)
    let numbers = (code + kept * 4).assumingMemoryBound(to: Float.self)
    ck_top_k_f32(places, values, Int64(count), Int64(kept))
    for index in 0..<kept { numbers[index] = values[Int(places[index])] }
  }

  func read(_ code: UnsafeRawPointer, _ count: Int, into values: UnsafeMutablePointer<Float>) {
    let kept = kept(count)
    let places = code.assumingMemoryBound(to: UInt32.self)
    let numbers = (code + kept * 4).assumingMemoryBound(to: Float.self)
    values.update(repeating: 0, count: count)
    for index in 0..<kept { values[Int(places[index])] = numbers[index] }
  }
}
