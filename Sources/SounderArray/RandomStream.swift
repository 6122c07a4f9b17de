import CKernels

/// A stream of random numbers that can start anywhere.
///
/// Values come from Philox4x32-10 (Salmon and others, 2011) and depend only on the seed, the stream and the
/// element's number, never on how many are drawn at a time or on the processor.
public struct RandomStream: Sendable {
  /// The key.
  public var seed: UInt64
  /// Which of the 2^64 independent sequences of the key.
  public var stream: UInt64
  /// The number of the next element.
  public var counter: UInt64

  /// A stream at the given element.
  public init(seed: UInt64, stream: UInt64, counter: UInt64 = 0) {
    self.seed = seed
    self.stream = stream
    self.counter = counter
  }

  /// Fills an array with uniform values in [low, high).
  public mutating func uniform(_ array: NDArray, _ low: Double = 0, _ high: Double = 1) {
    fill(array, "uniform") { stream, target in
      if target.dtype == .float32 {
        ck_random_uniform_f32(
          target.floats, stream.seed, stream.stream, stream.counter, target.count, Float(low),
          Float(high))
      } else {
        ck_random_uniform_f64(
          target.doubles, stream.seed, stream.stream, stream.counter, target.count, low, high)
      }
    }
  }

  /// Fills an array with normal values.
  public mutating func normal(_ array: NDArray, mean: Double = 0, deviation: Double = 1) {
    fill(array, "normal") { stream, target in
      if target.dtype == .float32 {
        ck_random_normal_f32(
          target.floats, stream.seed, stream.stream, stream.counter, target.count, Float(mean),
          Float(deviation))
      } else {
        ck_random_normal_f64(
          target.doubles, stream.seed, stream.stream, stream.counter, target.count, mean,
          deviation)
      }
    }
  }

  /// Fills an array with 1, with the given probability, and 0.
  public mutating func bernoulli(_ array: NDArray, _ probability: Double) {
    let bytes =
      array.dtype.byteSize == 1 && array.isContiguous
      ? array : NDArray(uninitialized: array.shape, .uint8)
    ck_random_bernoulli(
      bytes.pointer.assumingMemoryBound(to: UInt8.self), seed, stream, counter, bytes.count,
      probability)
    counter += UInt64(array.count)
    if bytes.storage !== array.storage { array.copy(from: bytes) }
  }

  /// A random integer below `bound`, without bias worth the name: 64 random bits are scaled.
  public mutating func next(below bound: Int) -> Int {
    require(bound > 0, "RandomStream.next: the bound \(bound) is not positive")
    var words: (UInt32, UInt32) = (0, 0)
    withUnsafeMutableBytes(of: &words) {
      ck_random_words(
        $0.baseAddress?.assumingMemoryBound(to: UInt32.self), seed, stream, counter, 2)
    }
    counter += 2
    let bits = UInt64(words.0) << 32 | UInt64(words.1)
    return Int(bits.multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// The numbers 0 ..< count in random order, by Fisher and Yates's shuffle, as int64.
  public mutating func permutation(_ count: Int) -> NDArray {
    let result = NDArray(uninitialized: [count], .int64)
    permutation(result)
    return result
  }

  /// Fills a one-dimensional int64 array with the numbers 0 ..< count in random order.
  public mutating func permutation(_ array: NDArray) {
    require(
      array.dtype == .int64 && array.isContiguous,
      "RandomStream.permutation: expects a contiguous int64 array, not \(array.dtype.name)")
    let values = array.indices
    for index in 0..<array.count { values[index] = Int64(index) }
    for index in stride(from: array.count - 1, to: 0, by: -1) {
      let other = next(below: index + 1)
      (values[index], values[other]) = (values[other], values[index])
    }
  }

  private mutating func fill(
    _ array: NDArray, _ name: StaticString, _ generate: (RandomStream, NDArray) -> Void
  ) {
    require(
      array.dtype.isFloatingPoint, "RandomStream.\(name): not defined for \(array.dtype.name)")
    let dtype = array.dtype == .float64 ? DType.float64 : .float32
    let direct = array.isContiguous && array.dtype == dtype
    let target = direct ? array : NDArray(uninitialized: array.shape, dtype)
    generate(self, target)
    counter += UInt64(array.count)
    if !direct { array.copy(from: target) }
  }
}
