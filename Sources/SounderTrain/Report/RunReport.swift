import Foundation

/// A run as one page of HTML that needs nothing else: curves, where the time went, and a timeline.
///
/// ```swift
/// let report = try RunReport(RunDirectory(path: "runs/mine"))
/// try report.write(to: "runs/mine/report.html")
/// ```
public struct RunReport {
  private let records: RunRecords

  /// The report of a run that has ended, was stopped, or goes on.
  /// - Throws: ``FileError`` for a directory that holds no run, or damaged files.
  public init(_ directory: RunDirectory) throws { records = try RunRecords(directory) }

  /// Writes the page.
  public func write(to path: String) throws(FileError) { try AtomicFile.write(html, to: path) }

  /// The page.
  public var html: String {
    let title = MarkupText.escape("\(records.directory.path) – Sounder")
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(title)</title>
      <style>
      \(ReportStyle.sheet)
      </style>
      </head>
      <body>
      <main>
      <header>
      <h1>\(MarkupText.escape(records.directory.path))</h1>
      <p class="state">\(MarkupText.escape(state))</p>
      </header>
      \(tiles)
      \(figures)
      \(times)
      \(timeline)
      \(origin)
      </main>
      </body>
      </html>

      """
  }

  private var state: String {
    guard let summary = records.summary else {
      let last = records.steps.last?["step"]?.integer
      return "Still running, or ended before its time"
        + (last.map { ": the last logged step is \($0)." } ?? ": no step was logged.")
    }
    let code = summary["exit_code"]?.integer ?? 0
    let steps = summary["steps"]?.integer ?? 0
    return code == 0
      ? "Done after \(steps) steps." : "Stopped after \(steps) steps (exit code \(code))."
  }

  // MARK: Figures

  private var tiles: String {
    let source = records.summary
    let last = records.steps.last
    var tiles: [(String, String)] = []
    func add(_ name: String, _ value: Double?, _ suffix: String = "", scale: Double = 1) {
      if let value { tiles.append((name, MarkupText.number(value * scale) + suffix)) }
    }
    add("steps", source?["steps"]?.number ?? last?["step"]?.number)
    add("training loss", source?["final_loss"]?.number ?? last?["loss"]?.number)
    let evaluation = records.evaluations.last
    add("test loss", (source ?? evaluation)?["test_loss"]?.number)
    add("test accuracy", (source ?? evaluation)?["test_accuracy"]?.number, " %", scale: 100)
    add("samples/s", source?["samples_per_second"]?.number ?? last?["samples_per_second"]?.number)
    add("ranks", source?["ranks"]?.number)
    add("hosts", source?["hosts"]?.number)
    add("seconds", source?["wall_seconds"]?.number)
    add("communication hidden", source?["time"]?["overlap"]?.number, " %", scale: 100)
    let cells = tiles.map { name, value in
      "<div><dt>\(name)</dt><dd>\(MarkupText.escape(value))</dd></div>"
    }
    return "<dl class=\"tiles\">\n" + cells.joined(separator: "\n") + "\n</dl>"
  }

  private var figures: String {
    let steps = records.steps
    let tests = RunRecords.curve(records.evaluations, "test_loss")
    let charts = [
      LineChart(
        title: "Loss", points: RunRecords.curve(steps, "loss"),
        marks: tests.isEmpty ? nil : ("test loss", tests)),
      LineChart(
        title: "Throughput, samples per second",
        points: RunRecords.curve(steps, "samples_per_second"), beginsAtZero: true),
      LineChart(
        title: "Learning rate", points: RunRecords.curve(steps, "lr"), beginsAtZero: true),
    ]
    let drawn = charts.map { chart in
      let key = chart.marks.map { " <span class=\"key mark\"></span>\($0.name)" } ?? ""
      return "<figure>\n<figcaption>\(chart.title)\(key)</figcaption>\n\(chart.svg)\n</figure>"
    }
    return "<section class=\"charts\" aria-label=\"Curves over steps\">\n"
      + drawn.joined(separator: "\n") + "\n</section>"
  }

  // MARK: Time

  /// The parts of a rank's steps: member of the summary, name, style.
  private static let parts = [
    ("compute_seconds", "compute", "s-forward"),
    ("hidden_seconds", "communication, hidden", "s-hidden"),
    ("exposed_seconds", "communication, exposed", "s-communication"),
    ("waiting_seconds", "waiting", "s-wait"), ("data_seconds", "data", "s-data"),
  ]

  private var times: String {
    guard let ranks = records.summary?["time"]?["ranks"]?.array, !ranks.isEmpty else {
      return section("Where the time went", "<p class=\"empty\">Known when the run has ended.</p>")
    }
    let key = Self.parts.map { "<span class=\"key \($0.2)\"></span>\($0.1)" }
      .joined(separator: " ")
    let rows = ranks.map(row).joined(separator: "\n")
    let head = Self.parts.map { "<th scope=\"col\">\($0.1)</th>" }.joined()
    let late =
      records.summary?["time"]?["straggler"]?.integer.map {
        "<p>The others waited longest for rank \($0): "
          + "\(MarkupText.number(records.summary?["time"]?["straggler_seconds"]?.number ?? 0)) s.</p>"
      } ?? ""
    return section(
      "Where the time went",
      """
      <p class="keys">\(key)</p>
      <div class="scroll"><table>
      <thead><tr><th scope="col">rank</th><th scope="col">share of its steps</th>\(head)</tr></thead>
      <tbody>
      \(rows)
      </tbody>
      </table></div>
      \(late)
      """)
  }

  private func row(_ rank: JSONValue) -> String {
    let total = max(rank["step_seconds"]?.number ?? 0, 1e-12)
    var left = 0.0
    var bars = ""
    var cells = ""
    for (member, name, style) in Self.parts {
      let seconds = rank[member]?.number ?? 0
      let share = seconds / total * 100
      bars +=
        "<rect class=\"\(style)\" x=\"\(MarkupText.point(left))\" width=\"\(MarkupText.point(share))\" "
        + "height=\"14\"><title>\(name) \(MarkupText.number(seconds)) s</title></rect>"
      left += share
      cells +=
        "<td>\(String(format: "%.2f", seconds)) s <small>\(MarkupText.number((share * 10).rounded() / 10)) %</small></td>"
    }
    return "<tr><th scope=\"row\">\(rank["rank"]?.integer ?? 0)</th>"
      + "<td class=\"share\"><svg viewBox=\"0 0 100 14\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
      + "\(bars)</svg></td>\(cells)</tr>"
  }

  private var timeline: String {
    guard let trace = records.trace else {
      return section(
        "Timeline",
        "<p class=\"empty\">There is no trace. Run with <code>sounder train --trace</code> "
          + "(or <code>run.trace: true</code>) to see what every rank did in three steps.</p>")
    }
    guard let timeline = Timeline(trace: trace) else {
      return section(
        "Timeline", "<p class=\"empty\">trace.json holds no step; was the run long enough?</p>")
    }
    let keys = [
      ("s-forward", "forward"), ("s-backward", "backward"), ("s-communication", "communication"),
      ("s-update", "update"), ("s-wait", "waiting"), ("s-data", "data"),
    ].map { "<span class=\"key \($0.0)\"></span>\($0.1)" }.joined(separator: " ")
    let names = timeline.steps.map(String.init).joined(separator: ", ")
    return section(
      "Timeline of \(timeline.steps.count == 1 ? "step" : "steps") \(names)",
      "<p class=\"keys\">\(keys)</p>\n<div class=\"scroll\">\(timeline.svg)</div>\n"
        + "<p>Point at a bar for its name and time; open trace.json in Perfetto for all of it.</p>")
  }

  private var origin: String {
    section(
      "Configuration",
      "<pre class=\"command\">\(MarkupText.escape(records.command))</pre>\n"
        + "<details><summary>config.yaml</summary><pre>\(MarkupText.escape(records.configuration))"
        + "</pre></details>")
  }

  private func section(_ title: String, _ body: String) -> String {
    "<section>\n<h2>\(title)</h2>\n\(body)\n</section>"
  }
}
