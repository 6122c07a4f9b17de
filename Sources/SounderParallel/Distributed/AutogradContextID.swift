/// The number of a distributed backward pass: a rank in the upper 16 bits, a counter in the lower
/// 48.
///
/// Contexts of one owner are numbered as they are opened, so that all ranks know the number of a
/// context without having spoken of it. The numbers of messages have the same form: the rank that
/// sends, and its counter.
public struct AutogradContextID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  /// The 64 bits.
  public let rawValue: UInt64

  private static let counterBits: UInt64 = 48

  /// A number read from its 64 bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The number of context `counter` of a rank.
  public init(rank: Int, counter: UInt64) {
    rawValue =
      UInt64(truncatingIfNeeded: rank) << AutogradContextID.counterBits
      | counter & (1 << AutogradContextID.counterBits - 1)
  }

  /// The rank that owns the context.
  public var rank: Int { Int(rawValue >> AutogradContextID.counterBits) }
  /// Which of the owner's contexts this is, from 0.
  public var counter: UInt64 { rawValue & (1 << AutogradContextID.counterBits - 1) }

  /// The rank and the counter.
  public var description: String { "\(rank).\(counter)" }
}
