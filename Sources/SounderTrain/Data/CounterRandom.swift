/// A stream of random numbers that is a function of its key.
///
/// The n-th number is a mix of (key + n · odd constant): SplitMix64 (Steele, Lea and Flood, 2014). Two
/// streams with different keys are unrelated, and any stream can be made on any rank without
/// making those before it. Data are drawn and ordered with it; what happens inside a model uses the
/// vectorised generator of the array layer.
struct CounterRandom {
  private var state: UInt64

  /// The stream for a seed and a place: what it is for, and which element.
  init(seed: Int, purpose: Purpose, index: Int) {
    var key = Self.mix(UInt64(bitPattern: Int64(seed)) &+ 0x9E37_79B9_7F4A_7C15)
    key = Self.mix(key ^ purpose.rawValue)
    state = Self.mix(key ^ UInt64(bitPattern: Int64(index)))
  }

  /// What a stream is for; streams for different purposes never overlap.
  enum Purpose: UInt64 {
    case digitTraining = 0x6469_6769_7401
    case digitTesting = 0x6469_6769_7402
    case epochOrder = 0x6f72_6465_7201
    case tableSplit = 0x7461_626c_6501
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// The next 64 random bits.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mix(state)
  }

  /// A number at least `range.lowerBound` and below `range.upperBound`.
  mutating func uniform(_ range: Range<Float>) -> Float {
    let unit = Float(next() >> 40) * 0x1p-24
    return range.lowerBound + unit * (range.upperBound - range.lowerBound)
  }

  /// A whole number below `bound`, each equally likely up to 2⁻³² (Lemire's multiplication).
  mutating func below(_ bound: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// 0, 1, … count - 1 in random order (Fisher and Yates).
  mutating func permutation(_ count: Int) -> [Int32] {
    var order = (0..<Int32(count)).map { $0 }
    order.withUnsafeMutableBufferPointer { order in
      for last in stride(from: count - 1, to: 0, by: -1) {
        order.swapAt(last, below(last + 1))
      }
    }
    return order
  }
}
