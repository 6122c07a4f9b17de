import Foundation

extension Diagnosis: CustomStringConvertible {
  /// The most ranks that are shown one by one.
  private static let rankLimit = 16

  /// A few lines for people: the verdict, the waits, every rank, and the last events.
  public var description: String {
    var lines = verdict
    if cause != .running {
      lines += waits.map { "\(RankList($0.waiting)) waited for rank \($0.rank)" }
    }
    for mismatch in mismatches {
      let calls = mismatch.operations.map { "rank \($0.rank) \($0.summary)" }
      lines.append("collective \(mismatch.ordinal) differs: \(calls.joined(separator: ", "))")
    }
    lines += log.problems.map { "note: \($0)" }
    lines += ["", "rank  state    step   last sign  doing"]
    lines += shown.map(row)
    if shown.count < pictures.count { lines.append("      … \(pictures.count) ranks in all") }
    for picture in shown where eventCount > 0 && !picture.events.isEmpty {
      lines += ["", "last events of \(picture.place):"]
      lines += picture.events.suffix(eventCount).map(line)
    }
    return lines.joined(separator: "\n")
  }

  /// What happened, in one or two lines.
  var verdict: [String] {
    let run = log.directory.path
    switch cause {
    case .inOrder:
      let all = pictures.count == log.ranks
      return [
        "\(run): \(all ? "all" : "\(pictures.count) of") \(log.ranks) "
          + "rank\(log.ranks == 1 ? "" : "s") ended in order"
      ]
    case .running: return ["\(run): the run goes on; nothing is wrong so far"]
    case .stalled(let rank, let seconds):
      return [
        "\(run): no rank has done anything for \(Self.format(seconds, 1)) s; "
          + "\(place(rank)) keeps it: \(doing(rank))", fate(of: rank),
      ]
    case .failed(let rank):
      return [
        "\(run): \(place(rank)) failed first, at step \(picture(of: rank)?.step ?? 0):",
        "  \(picture(of: rank)?.record.text ?? "")",
      ]
    case .stopped(let rank):
      var lines = ["\(run): \(place(rank)) stopped first: \(doing(rank))", fate(of: rank)]
      let gaveUp = pictures.filter { $0.record.state == .gaveUp && $0.rank != rank }
        .min { ($0.record.stateTime ?? 0) < ($1.record.stateTime ?? 0) }
      if let gaveUp { lines.append("  rank \(gaveUp.rank) gave up: \(gaveUp.record.text)") }
      return lines
    }
  }

  private func place(_ rank: Int) -> String { picture(of: rank)?.place ?? "rank \(rank)" }

  private func doing(_ rank: Int) -> String {
    picture(of: rank)?.doing.joined(separator: ", ") ?? "an unknown place"
  }

  /// How the rank that is to blame came to stand still.
  private func fate(of rank: Int) -> String {
    guard let picture = picture(of: rank) else { return "  it has left no recording" }
    let number = picture.record.process.number
    if picture.isBlamedByItself { return "  it went on when the others had given up on it" }
    switch (picture.record.state, picture.fate) {
    case (.gaveUp, _): return "  it gave up: \(picture.record.text)"
    case (_, .stopped):
      return "  its process is stopped by a signal; kill -CONT \(number) lets it go on"
    case (_, .running): return "  its process is there: see what keeps it (stack: gdb -p \(number))"
    default:
      let ago = Double(end &- (picture.lastSign ?? end)) / 1e9
      return "  it left no message: it was killed, or it hung; its last sign came "
        + "\(Self.format(ago, 3)) s before the last of all"
    }
  }

  /// The rank to blame first, then the others, as many as can be read at a glance.
  private var shown: [RankPicture] {
    let others = pictures.filter { $0.rank != cause.rank }
    return Array(
      ((cause.rank.flatMap(picture(of:)).map { [$0] } ?? []) + others)
        .prefix(Self.rankLimit))
  }

  private func row(_ picture: RankPicture) -> String {
    let state = picture.stateName.padding(toLength: 8, withPad: " ", startingAt: 0)
    let sign = picture.lastSign.map { "\(Self.format(seconds($0), 3)) s" } ?? "none"
    let doing = picture.record.state == .ended ? "–" : picture.doing.joined(separator: " < ")
    return "\(Self.pad("\(picture.rank)", 4))  \(state) \(Self.pad("\(picture.step)", 5))"
      + " \(Self.pad(sign, 11))  \(doing)"
  }

  private func line(_ event: FlightEvent) -> String {
    let length =
      event.end.map { end in
        end == event.begin ? "" : " (\(Self.format(Double(end &- event.begin) / 1e6, 3)) ms)"
      } ?? (event.isAsynchronous ? " (in flight)" : " (not over)")
    return "  \(Self.pad(Self.format(seconds(event.begin), 6), 12)) s  \(event.summary)\(length)"
  }

  /// A time in seconds from the last sign of all ranks, so never positive.
  func seconds(_ time: Int64) -> Double { Double(time &- end) / 1e9 }

  private static func format(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 0)) + text
  }
}
