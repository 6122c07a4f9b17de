import CKernels

/// What a rank was doing at one moment.
struct RankActivity: Sendable, Equatable {
  /// The words of a line, as they travel to another host.
  static let wordCount = 7

  var process: Int32
  var phase: RankPhase
  var step: Int?
  /// How long it has been in this phase, in nanoseconds.
  var phaseAge: UInt64
  /// Collectives it has begun.
  var collectives: UInt64
  /// The last collective or message it has begun.
  var operation: CollectiveHeader?
  /// The rank it waits for.
  var awaited: Int?

  init(_ line: UnsafeMutablePointer<ck_rank_activity>) {
    let words = UnsafeMutableRawPointer(line).assumingMemoryBound(to: UInt64.self)
    var read = (0..<RankActivity.wordCount).map { ck_word_load(words + $0) }
    let now = ck_monotonic_nanoseconds()
    read[2] = read[2] == 0 || read[2] > now ? 0 : now - read[2]
    self.init(read)
  }

  init(_ words: [UInt64]) {
    process = Int32(truncatingIfNeeded: words[0])
    phase = RankPhase(rawValue: UInt8(truncatingIfNeeded: words[1])) ?? .start
    step = words[1] >> 8 == 0 ? nil : Int(words[1] >> 8) - 1
    phaseAge = words[2]
    collectives = words[3]
    operation = CollectiveHeader(ck_header(descriptor: words[4], count: words[5]))
    awaited = words[6] == 0 ? nil : Int(words[6]) - 1
  }

  var words: [UInt64] {
    let header = operation?.record ?? ck_header()
    return [
      UInt64(bitPattern: Int64(process)), RankActivity.phaseWord(phase, step: step), phaseAge,
      collectives, header.descriptor, header.count, awaited.map { UInt64($0 + 1) } ?? 0,
    ]
  }

  static func phaseWord(_ phase: RankPhase, step: Int?) -> UInt64 {
    UInt64(phase.rawValue) | (step.map { UInt64($0 + 1) } ?? 0) << 8
  }
}

extension RankActivity: CustomStringConvertible {
  /// `is in backward of step 17 for 5.2 s, last operation: barrier (collective 41)`.
  var description: String { "is \(place)" }

  /// The description without its verb.
  var place: String {
    let number = operation?.isMessage == false ? " (collective \(collectives))" : ""
    let last = operation.map { "last operation: \($0)\(number)" } ?? "no operation yet"
    return "in \(phase.text(step: step)) for \(seconds(phaseAge)), \(last)"
  }
}

/// Nanoseconds as seconds for people: `5.2 s`, `0.02 s`.
func seconds(_ nanoseconds: UInt64) -> String {
  let hundredths = Int(nanoseconds / 10_000_000)
  guard hundredths < 100 else { return "\(Double(hundredths / 10) / 10) s" }
  return "\(Double(hundredths) / 100) s"
}
