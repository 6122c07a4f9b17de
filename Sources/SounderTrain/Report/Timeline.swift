/// Three steps of a trace as SVG: a lane for every thread of every rank, its spans as bars, nested ones
/// inside those that hold them, operators below.
struct Timeline {
  /// A bar.
  struct Slice: Equatable {
    var name: String
    var category: String
    var rank: Int
    var thread: Int
    /// Microseconds since the trace began.
    var begin: Double
    var duration: Double
    var end: Double { begin + duration }
  }

  /// The bars of the steps that are shown, in the order of their begins.
  private(set) var slices: [Slice] = []
  /// The steps that are shown.
  private(set) var steps: [Int] = []
  /// Names of the lanes.
  private(set) var lanes: [Lane] = []

  /// One thread of one rank.
  struct Lane: Hashable {
    var rank: Int
    var thread: Int
    var name: String
  }

  /// How many steps are shown, and of how many ranks at most.
  private static let (stepCount, mostRanks) = (3, 8)

  /// The middle of a trace in the Chrome format; nil if that holds no step.
  init?(trace: JSONValue) {
    guard let events = trace["traceEvents"]?.array else { return nil }
    var names: [Lane: String] = [:]
    var all: [Slice] = []
    var marks: [(step: Int, rank: Int, begin: Double, end: Double)] = []
    for event in events {
      guard let phase = event["ph"]?.string, let rank = event["pid"]?.integer,
        let thread = event["tid"]?.integer
      else { continue }
      if phase == "M", event["name"]?.string == "thread_name" {
        names[Lane(rank: rank, thread: thread, name: "")] = event["args"]?["name"]?.string
      }
      guard phase == "X", rank < Self.mostRanks, let name = event["name"]?.string,
        let begin = event["ts"]?.number, let duration = event["dur"]?.number
      else { continue }
      let slice = Slice(
        name: name, category: event["cat"]?.string ?? "", rank: rank, thread: thread, begin: begin,
        duration: duration)
      all.append(slice)
      if slice.category == "step", let step = event["args"]?["step"]?.integer {
        marks.append((step, rank, slice.begin, slice.end))
      }
    }
    let numbers = Set(marks.map(\.step)).sorted()
    guard !numbers.isEmpty else { return nil }
    let first = max((numbers.count - Self.stepCount) / 2, 0)
    steps = Array(numbers[first..<min(first + Self.stepCount, numbers.count)])
    let shown = marks.filter { steps.contains($0.step) }
    let begin = shown.map(\.begin).min() ?? 0
    let end = shown.map(\.end).max() ?? begin
    // The outermost first: of equal begins the longer.
    slices = all.filter { $0.begin < end && $0.end > begin }
      .sorted { ($0.begin, -$0.duration) < ($1.begin, -$1.duration) }
    for index in slices.indices {
      let stop = min(slices[index].end, end)
      slices[index].begin = max(slices[index].begin, begin) - begin
      slices[index].duration = max(stop - begin - slices[index].begin, 0)
    }
    length = end - begin
    let used = Set(slices.map { Lane(rank: $0.rank, thread: $0.thread, name: "") })
    lanes = used.sorted { ($0.rank, $0.thread) < ($1.rank, $1.thread) }.map {
      Lane(rank: $0.rank, thread: $0.thread, name: names[$0] ?? "thread \($0.thread)")
    }
  }

  /// Microseconds from the first begin to the last end.
  private(set) var length = 0.0

  // MARK: Drawing

  private static let (width, left, row, gap) = (1120.0, 96.0, 15.0, 12.0)

  /// The drawing.
  var svg: String {
    var body: [String] = []
    var top = 22.0
    for lane in lanes {
      let own = slices.filter { $0.rank == lane.rank && $0.thread == lane.thread }
      let depths = Self.depths(own)
      let height = Double((depths.max() ?? 0) + 1) * Self.row
      body.append(
        "<text class=\"lane\" x=\"0\" y=\"\(MarkupText.point(top + 11))\">rank \(lane.rank) "
          + "<tspan class=\"thread\">\(MarkupText.escape(lane.name))</tspan></text>")
      body.append(
        "<rect class=\"back\" x=\"\(Self.left)\" y=\"\(MarkupText.point(top))\" "
          + "width=\"\(Self.width - Self.left)\" height=\"\(MarkupText.point(height))\"/>")
      for (slice, depth) in zip(own, depths) { body.append(bar(slice, top, depth)) }
      top += height + Self.gap
    }
    let label =
      "Timeline of \(steps.count == 1 ? "step" : "steps") \(steps.map(String.init).joined(separator: ", ")): "
      + "\(MarkupText.number(length / 1000)) milliseconds, \(lanes.count) lanes"
    return
      "<svg class=\"timeline\" viewBox=\"0 0 \(Int(Self.width)) \(Int(top))\" role=\"img\" aria-label=\""
      + MarkupText.escape(label) + "\">\n" + axis(top) + body.joined(separator: "\n") + "\n</svg>"
  }

  /// How deep every slice lies in the ones that hold it.
  static func depths(_ slices: [Slice]) -> [Int] {
    var open: [Double] = []
    return slices.map { slice in
      // Nanoseconds have three decimals of a microsecond; half of one is no overlap.
      while let end = open.last, end <= slice.begin + 0.0005 { open.removeLast() }
      open.append(slice.end)
      return open.count - 1
    }
  }

  private func x(_ microseconds: Double) -> Double {
    Self.left + microseconds / max(length, 1e-9) * (Self.width - Self.left)
  }

  private func bar(_ slice: Slice, _ top: Double, _ depth: Int) -> String {
    let y = top + Double(depth) * Self.row
    let wide = max(x(slice.end) - x(slice.begin), 0.25)
    var text =
      "<rect class=\"\(Self.style(slice.category))\" x=\"\(MarkupText.point(x(slice.begin)))\" "
      + "y=\"\(MarkupText.point(y))\" width=\"\(MarkupText.point(wide))\" height=\"\(Self.row - 1)\">"
      + "<title>\(MarkupText.escape(slice.name)) (\(MarkupText.escape(slice.category))), "
      + "\(MarkupText.number(slice.duration / 1000)) ms</title></rect>"
    // About 5.6 pixels a letter.
    if wide > 5.6 * Double(slice.name.count) + 4 {
      text +=
        "<text class=\"\(Self.style(slice.category) == "s-step" ? "dark" : "name")\" x=\"\(MarkupText.point(x(slice.begin) + 3))\" "
        + "y=\"\(MarkupText.point(y + 10.5))\">\(MarkupText.escape(slice.name))</text>"
    }
    return text
  }

  private func axis(_ bottom: Double) -> String {
    let scale = LineChart.Scale([0, length / 1000], minimumSpan: 1e-6)
    return scale.ticks.filter { $0 * 1000 <= length * 0.98 }.map { tick in
      let place = MarkupText.point(x(tick * 1000))
      return
        "<line class=\"grid\" x1=\"\(place)\" x2=\"\(place)\" y1=\"16\" y2=\"\(Int(bottom))\"/>"
        + "<text class=\"tick\" text-anchor=\"middle\" x=\"\(place)\" y=\"11\">"
        + "\(MarkupText.number(tick)) ms</text>"
    }.joined(separator: "\n") + "\n"
  }

  /// The colour class of a category.
  static func style(_ category: String) -> String {
    switch category {
    case "step", "phase": "s-step"
    case "forward", "operator": "s-forward"
    case "backward", "operator backward": "s-backward"
    case "bucket reduce", "collective", "message", "MPI", "network": "s-communication"
    case "bucket update": "s-update"
    case "wait": "s-wait"
    case "data": "s-data"
    default: "s-other"
    }
  }
}
