import CKernels
import Foundation

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
    let state = processState(of: other)
    guard let activity = activity(of: other) else {
      return "\(name(of: other)), \(state.map { "which \($0)" } ?? "of which nothing is heard")"
    }
    let facts = [state, "\(activity)", activity.awaited.map { "waits for rank \($0)" }]
    return "\(name(of: other)), which " + facts.compactMap { $0 }.joined(separator: " and ")
  }

  /// What the system says of a process that cannot go on by itself; nil for any other.
  private func processState(of other: Int) -> String? {
    guard sharesProcesses(with: other),
      let text = try? String(contentsOfFile: "/proc/\(process(of: other))/stat", encoding: .utf8),
      let end = text.lastIndex(of: ")")
    else { return nil }
    // The state follows the name in parentheses, which may hold anything.
    switch text[text.index(after: end)...].first(where: { $0 != " " }) {
    case "T": return "is stopped by a signal"
    case "t": return "is stopped by a debugger"
    case "D": return "waits for a disk"
    case "Z", "X": return "has ended"
    default: return nil
    }
  }
}
