import CKernels

extension RankBoard {
  /// `rank 2 (host b, pid 123)`.
  package func name(of other: Int) -> String {
    let process = process(of: other)
    let place = process == 0 ? "not started" : "pid \(process)"
    return "rank \(other) (host \(hostName(of: other)), \(place))"
  }

  /// Ranks by name, each with what it is doing; who is waited for by another of them comes first.
  ///
  /// A rank that itself waits for one that was not asked for brings that one in: it is more likely to
  /// be the cause.
  package func describe(_ ranks: [Int]) -> String {
    var chain: [Int] = []
    var pending = ranks
    while let next = pending.first {
      pending.removeFirst()
      guard next != rank, !chain.contains(next) else { continue }
      chain.append(next)
      if let awaited = activity(of: next)?.awaited { pending.append(awaited) }
    }
    let waiting = chain.filter { activity(of: $0)?.awaited != nil }
    let causes = chain.filter { !waiting.contains($0) }
    // No list may be longer than a screen.
    let shown = (causes + waiting).prefix(8)
    let rest = chain.count - shown.count
    return shown.map(describe).joined(separator: "; ") + (rest > 0 ? "; and \(rest) more" : "")
  }

  private func describe(_ other: Int) -> String {
    if sees(other) || inquiry == nil {
      guard let activity = activity(of: other) else {
        return "\(name(of: other)), of which nothing is heard"
      }
      return describe(other, activity, processState(of: other))
    }
    guard let heard = inquiry?.answer(about: other) else {
      return "\(name(of: other)), which does not answer: it is stopped, busy or cut off"
    }
    let age = ck_monotonic_nanoseconds() &- heard.time
    guard age >= RankBoard.silence else { return describe(other, heard.activity, heard.process) }
    return "\(name(of: other)), which has not answered for \(seconds(age)) and was then "
      + heard.activity.place
  }

  private func describe(
    _ other: Int, _ activity: RankActivity, _ process: ProcessState?
  ) -> String {
    let facts = [
      process?.description, "\(activity)", activity.awaited.map { "waits for rank \($0)" },
    ]
    return "\(name(of: other)), which " + facts.compactMap { $0 }.joined(separator: " and ")
  }

  /// After how long without an answer a rank counts as silent, in nanoseconds: it is asked every half second.
  private static let silence: UInt64 = 1_500_000_000

  /// What the system says of the process of a rank that cannot go on by itself; nil for any other.
  func processState(of other: Int) -> ProcessState? {
    sharesProcesses(with: other) ? ProcessState(of: process(of: other)) : nil
  }
}
