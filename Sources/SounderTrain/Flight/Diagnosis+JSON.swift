extension Diagnosis {
  /// The same for programs; times are seconds from the last sign of all ranks, so never positive.
  public var json: JSONValue {
    [
      "run_dir": .string(log.directory.path), "ranks": .integer(log.ranks),
      "verdict": .string(verdictName), "rank": cause.rank.map(JSONValue.integer) ?? .null,
      "message": .string(verdict.joined(separator: "\n")),
      "waits": .array(
        waits.map {
          ["rank": .integer($0.rank), "waiting": .array($0.waiting.map(JSONValue.integer))]
        }),
      "mismatches": .array(mismatches.map { .array($0.operations.map(call)) }),
      "problems": .array(log.problems.map(JSONValue.string)),
      "records": .array(pictures.map(record)),
    ]
  }

  private var verdictName: String {
    switch cause {
    case .inOrder: "ended"
    case .failed: "failed"
    case .stopped: "stopped"
    case .running: "running"
    case .stalled: "stalled"
    }
  }

  private func call(_ call: (rank: Int, summary: String)) -> JSONValue {
    ["rank": .integer(call.rank), "operation": .string(call.summary)]
  }

  private func record(_ picture: RankPicture) -> JSONValue {
    [
      "rank": .integer(picture.rank), "host": .string(picture.record.host),
      "pid": .integer(Int(picture.record.process.number)), "state": .string(picture.stateName),
      "step": .integer(picture.step),
      "doing": .array(picture.doing.map(JSONValue.string)),
      "waited_for": picture.waitedFor.map(JSONValue.integer) ?? .null,
      "last_sign": picture.lastSign.map { .number(seconds($0)) } ?? .null,
      "text": .string(picture.record.text),
      "events": .array(picture.events.suffix(eventCount).map(event)),
    ]
  }

  private func event(_ event: FlightEvent) -> JSONValue {
    [
      "number": .integer(Int(clamping: event.sequence)), "kind": .string(event.kind.label),
      "name": .string(event.name), "a": .integer(event.a), "b": .integer(event.b),
      "thread": .integer(event.thread), "begin": .number(seconds(event.begin)),
      "end": event.end.map { .number(seconds($0)) } ?? .null,
    ]
  }
}
