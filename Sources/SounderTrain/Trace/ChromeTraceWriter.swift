import SounderTrace

/// Writes the traces of all ranks as one file in the Chrome trace event format, which Perfetto and
/// `chrome://tracing` open: a process for each rank, a lane for each thread, and an arrow from every
/// operator to its derivative.
///
/// Events are written as they come, so memory does not grow with the file.
struct ChromeTraceWriter {
  private let file: AtomicFile
  /// The time that becomes 0.
  private let origin: Int64
  private var buffer = ""
  private var isFirst = true
  private(set) var eventCount = 0
  private(set) var droppedCount = 0

  private static let flushBytes = 1 << 16

  /// A file that begins; `origin` is the time that becomes 0.
  init(_ file: AtomicFile, origin: Int64) {
    self.file = file
    self.origin = origin
    buffer = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":["
  }

  /// Adds the events of one rank.
  mutating func write(_ trace: RankTrace) throws(FileError) {
    let names = trace.names.map(JSONValue.quote)
    metadata(
      "process_name", trace, 0,
      "\"name\":"
        + JSONValue.quote(
          "rank \(trace.rank) (\(trace.host), pid \(trace.process))"))
    metadata("process_sort_index", trace, 0, "\"sort_index\":\(trace.rank)")
    for (index, thread) in trace.threads.enumerated() {
      metadata("thread_name", trace, index, "\"name\":" + JSONValue.quote(thread.name))
      metadata("thread_sort_index", trace, index, "\"sort_index\":\(index)")
      droppedCount += thread.dropped
    }
    let pairs = Self.pairs(trace)
    for event in trace.events {
      let name = names.indices.contains(Int(event.name)) ? names[Int(event.name)] : "\"?\""
      if event.isAsynchronous {
        writeInFlight(event, name, trace.rank)
      } else {
        writeSlice(event, name, trace.rank)
      }
      if event.kind.isOperator, pairs.contains(event.sequence) { writeFlow(event, trace.rank) }
      eventCount += 1
      if buffer.utf8.count > Self.flushBytes { try flush() }
    }
    try flush()
  }

  /// Ends the file, with facts about the whole.
  mutating func finish(_ facts: JSONObject) throws(FileError) {
    buffer += "\n],\"otherData\":" + JSONValue.object(facts).compact + "}\n"
    try flush()
  }

  /// The numbers of the nodes of which both the operator and the derivative were recorded.
  private static func pairs(_ trace: RankTrace) -> Set<UInt64> {
    var forward: Set<UInt64> = []
    var backward: Set<UInt64> = []
    for event in trace.events where event.sequence != 0 {
      if event.kind == .operatorForward { forward.insert(event.sequence) }
      if event.kind == .operatorBackward { backward.insert(event.sequence) }
    }
    return forward.intersection(backward)
  }

  // MARK: Events

  private mutating func writeSlice(_ event: RankTrace.TimedEvent, _ name: String, _ rank: Int) {
    let isInstant = event.begin == event.end && !event.kind.isOperator
    begin(isInstant ? "i" : "X", name, event.kind.label, rank, Int(event.thread), event.begin)
    if isInstant {
      buffer += ",\"s\":\"t\""
    } else {
      buffer += ",\"dur\":" + Self.microseconds(event.end - event.begin)
    }
    buffer += arguments(event) + "}"
  }

  private mutating func writeInFlight(_ event: RankTrace.TimedEvent, _ name: String, _ rank: Int) {
    let identity = ",\"id\":\"\(rank).\(event.sequence)\""
    begin("b", name, event.kind.label, rank, Int(event.thread), event.begin)
    buffer += identity + arguments(event) + "}"
    begin("e", name, event.kind.label, rank, Int(event.thread), event.end)
    buffer += identity + "}"
  }

  /// An end of the arrow from an operator to its derivative; it is bound to the slice it lies in.
  private mutating func writeFlow(_ event: RankTrace.TimedEvent, _ rank: Int) {
    let isForward = event.kind == .operatorForward
    begin(
      isForward ? "s" : "f", "\"gradient\"", "autograd", rank, Int(event.thread), event.begin)
    buffer += ",\"id\":\"\(rank).\(event.sequence)\"" + (isForward ? "}" : ",\"bp\":\"e\"}")
  }

  private mutating func metadata(
    _ what: String, _ trace: RankTrace, _ thread: Int, _ argument: String
  ) {
    separate()
    buffer +=
      "{\"ph\":\"M\",\"name\":\"\(what)\",\"pid\":\(trace.rank),\"tid\":\(thread),"
      + "\"args\":{\(argument)}}"
  }

  private mutating func begin(
    _ phase: String, _ quotedName: String, _ category: String, _ rank: Int, _ thread: Int,
    _ time: Int64
  ) {
    separate()
    buffer +=
      "{\"ph\":\"\(phase)\",\"name\":\(quotedName),\"cat\":\"\(category)\",\"pid\":\(rank),"
      + "\"tid\":\(thread),\"ts\":" + Self.microseconds(time - origin)
  }

  private mutating func separate() {
    buffer += isFirst ? "\n" : ",\n"
    isFirst = false
  }

  private func arguments(_ event: RankTrace.TimedEvent) -> String {
    let (a, b) = (event.a, event.b)
    let members: String =
      switch event.kind {
      case .operatorForward: "\"node\":\(event.sequence),\"elements\":\(a)"
      case .operatorBackward: "\"node\":\(event.sequence)"
      case .step: "\"step\":\(a)"
      case .forward, .backward: "\"shard\":\(a)"
      case .wait: "\"rank\":\(b)"
      case .message, .network: "\"rank\":\(a),\"bytes\":\(b)"
      case .bucketReady, .bucketReduce, .bucketUpdate: "\"bucket\":\(a),\"bytes\":\(b)"
      case .collective: "\"bytes\":\(b)"
      default: "\"a\":\(a),\"b\":\(b)"
      }
    return ",\"args\":{\(members)}"
  }

  private static func microseconds(_ nanoseconds: Int64) -> String {
    let magnitude = nanoseconds.magnitude
    let fraction = String(magnitude % 1000)
    return (nanoseconds < 0 ? "-" : "") + "\(magnitude / 1000)."
      + String(repeating: "0", count: 3 - fraction.count) + fraction
  }

  private mutating func flush() throws(FileError) {
    try file.append(buffer)
    buffer = ""
  }
}

extension EventKind {
  /// Whether this is one of the fine events.
  var isOperator: Bool { self == .operatorForward || self == .operatorBackward }
}
