import CKernels
import Foundation

/// Questions between hosts about what their ranks are doing, and the answers.
///
/// A rank that waits for one whose line it cannot see asks that rank and two others of its host. Whoever
/// waits, or looks at its transfers, answers for all ranks whose lines it sees: so a rank that is stopped is
/// described by its neighbours, if it has any. Nobody waits for an answer, and nobody is asked again before
/// it has given one.
final class RankInquiry: @unchecked Sendable {
  // @unchecked: all state is guarded by `lock`, but for constants; the port guards itself.

  /// What was heard of a rank.
  struct Answer {
    let activity: RankActivity
    let process: ProcessState?
    /// When it arrived, on the monotonic clock.
    let time: UInt64
  }

  private struct Question: Hashable {
    let witness: Int
    let subject: Int
  }

  private let port: any MessagePort
  private unowned let board: RankBoard
  private let lock = NSLock()
  private var answers: [Int: Answer] = [:]
  private var open: Set<Question> = []

  /// As many as are described in one report.
  private static let subjects = 8
  private static let witnesses = 3

  /// Joins a board with those of the port's other ranks.
  init(port: any MessagePort, board: RankBoard) {
    self.port = port
    self.board = board
  }

  /// Asks what some ranks are doing; returns at once.
  func ask(about subjects: [Int]) {
    lock.withLock {
      for subject in subjects.prefix(Self.subjects) {
        for witness in board.hostmates(of: subject).prefix(Self.witnesses)
        where open.insert(Question(witness: witness, subject: subject)).inserted {
          // Should it fail, the wait that asks ends at its deadline and says so.
          try? port.post(Self.bytes([UInt64(subject)]), to: witness)
        }
      }
    }
  }

  /// The last that was heard of a rank.
  func answer(about subject: Int) -> Answer? { lock.withLock { answers[subject] } }

  /// Answers what others have asked and takes their answers; returns at once.
  func attend() {
    // Another thread that attends does it for this one too.
    guard lock.try() else { return }
    defer { lock.unlock() }
    for message in (try? port.poll()) ?? [] {
      let words = Self.words(message.bytes)
      guard let subject = words.first.flatMap({ Int(exactly: $0) }), board.knows(subject) else {
        continue
      }
      switch words.count {
      case 1: reply(to: message.sender, about: subject)
      case 2 + RankActivity.wordCount:
        open.remove(Question(witness: message.sender, subject: subject))
        answers[subject] = Answer(
          activity: RankActivity(Array(words[2...])),
          process: ProcessState(rawValue: UInt8(truncatingIfNeeded: words[1])),
          time: ck_monotonic_nanoseconds())
      default: continue
      }
    }
  }

  /// Tells of a rank, and of those it waits for.
  private func reply(to asker: Int, about subject: Int) {
    var told: Set<Int> = []
    var next = Optional(subject)
    while let rank = next, board.sees(rank), told.insert(rank).inserted,
      told.count <= Self.subjects, let activity = board.activity(of: rank)
    {
      let state = board.processState(of: rank)?.rawValue ?? 0
      try? port.post(Self.bytes([UInt64(rank), UInt64(state)] + activity.words), to: asker)
      next = activity.awaited
    }
  }

  private static func bytes(_ words: [UInt64]) -> [UInt8] {
    words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) } }
  }

  private static func words(_ bytes: [UInt8]) -> [UInt64] {
    stride(from: 0, to: bytes.count / 8 * 8, by: 8).map { begin in
      (0..<8).reduce(0) { $0 | UInt64(bytes[begin + $1]) << (8 * UInt64($1)) }
    }
  }
}
