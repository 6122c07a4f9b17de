/// The format of `flight/rank-N.bin`: a page about the rank, then a ring of records of coarse events.
///
/// All numbers are words of 64 bits in the machine's byte order, texts end with a zero byte. A record is
/// valid when its first word is the number of its event, which also says its place in the ring.
enum FlightLayout {
  /// `SNDRFLT1`, and with the other byte order no magic at all.
  static let magic: UInt64 = 0x3154_4c46_5244_4e53
  static let version: UInt64 = 1
  /// How many events are kept.
  static let capacity = 2000
  static let headerBytes = 4096
  static let recordBytes = 128
  static let byteCount = headerBytes + capacity * recordBytes

  /// Byte offsets in the first page.
  enum Header: Int {
    case magic = 0
    case version = 8
    case capacity = 16
    case rank = 24
    case ranks = 32
    case process = 40
    /// When the process began, by the system's count: a number of a process may be given again.
    case processStart = 48
    /// What makes a time of this rank one of rank 0's clock.
    case clockOffset = 56
    case state = 64
    case stateTime = 72
    /// One more than the rank that this one gave up on; 0 for none.
    case blamed = 80
    /// When the first signal to stop came; 0 for never.
    case signalTime = 88
    /// How many collectives have begun.
    case collectives = 96
    /// The step that began last, counted from 1.
    case step = 104
    case host = 128
    /// The kernel's boot, which tells machines apart.
    case boot = 192
    /// Why the rank could not go on.
    case text = 256
  }

  static let hostBytes = 64
  static let bootBytes = 64
  static let textBytes = 1024

  /// Byte offsets in a record.
  enum Record: Int {
    case sequence = 0
    case begin = 8
    case end = 16
    case a = 24
    case b = 32
    /// Thread (16 bits), kind (8 bits), whether it is asynchronous (1 bit).
    case traits = 40
    /// For a collective the how-manieth of its rank it is, from 1.
    case ordinal = 48
    case name = 56
  }

  static let nameWords = (recordBytes - Record.name.rawValue) / 8
  static let nameBytes = nameWords * 8

  static func offset(ofEvent sequence: UInt64) -> Int {
    headerBytes + Int(sequence % UInt64(capacity)) * recordBytes
  }
}

/// How far a rank has come.
enum FlightState: UInt64, Sendable {
  /// Not at its end: alive, stopped or killed.
  case running = 0
  /// It came to its end in order.
  case ended
  /// It failed for a reason of its own.
  case failed
  /// It gave up because of another rank.
  case gaveUp
}
