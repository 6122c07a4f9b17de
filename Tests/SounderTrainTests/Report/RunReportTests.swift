import Foundation
import SounderComm
import Testing

@testable import SounderTrain

@Suite("Reports of runs")
struct RunReportTests {
  private static func write(
    _ scratch: TemporaryDirectory, metrics: String? = nil, summary: String? = nil,
    trace: String? = nil
  ) throws -> RunDirectory {
    _ = try scratch.write("config.yaml", "data: {kind: digits}  # <b>\n")
    _ = try scratch.write("command.txt", "sounder train '<script>'\n")
    if let metrics { _ = try scratch.write("metrics.jsonl", metrics) }
    if let summary { _ = try scratch.write("summary.json", summary) }
    if let trace { _ = try scratch.write("trace.json", trace) }
    return RunDirectory(path: scratch.path)
  }

  private static let metrics = """
    {"event":"step","step":10,"epoch":1,"loss":2.5,"lr":0.1,"samples_per_second":1000}
    {"event":"step","step":20,"epoch":1,"loss":1.25,"lr":0.05,"samples_per_second":1200}
    {"event":"evaluation","step":20,"epoch":1,"test_loss":1.5,"test_accuracy":0.625}

    """

  @Test(
    "The page of a traced run holds its figures, curves and timeline, and nothing from elsewhere")
  func whole() throws {
    let run = try TracedRun(ranks: 2)
    let html = try RunReport(run.directory).html
    let summary = try JSONValue(
      parsing: Data(contentsOf: URL(fileURLWithPath: run.directory.summary)))
    let loss = try #require(summary["final_loss"]?.number)
    #expect(html.contains("<dd>\(MarkupText.number(loss))</dd>"))
    #expect(html.contains("Done after 12 steps."))
    #expect(html.contains("Timeline of steps 3, 4, 5"))
    #expect(html.contains("LinearBackward"))
    #expect(html.contains("<th scope=\"row\">1</th>"))
    for foreign in ["http", "<script", "src=", "@import", "url("] {
      #expect(!html.contains(foreign), "\(foreign)")
    }
  }

  @Test("A run that was cut off in the middle of a line has a page, too")
  func cutOff() throws {
    let scratch = try TemporaryDirectory()
    let directory = try Self.write(scratch, metrics: Self.metrics + "{\"event\":\"st")
    let html = try RunReport(directory).html
    #expect(html.contains("the last logged step is 20"))
    #expect(html.contains("Loss: 2.5 at step 10, 1.25 at step 20"))
    #expect(html.contains("1.5 at step 20"))
    #expect(html.contains("sounder train --trace"))
    #expect(html.contains("&lt;script&gt;"))
    #expect(!html.contains("<b>"))
  }

  @Test("A run that has logged nothing has a page")
  func empty() throws {
    let scratch = try TemporaryDirectory()
    let html = try RunReport(try Self.write(scratch)).html
    #expect(html.contains("no step was logged"))
    #expect(html.contains("No step was logged;"))
  }

  @Test("A stopped run says how it ended")
  func stopped() throws {
    let scratch = try TemporaryDirectory()
    let directory = try Self.write(
      scratch, metrics: Self.metrics, summary: "{\"steps\":20,\"exit_code\":130}",
      trace: "{\"traceEvents\":[]}")
    let html = try RunReport(directory).html
    #expect(html.contains("Stopped after 20 steps (exit code 130)."))
    #expect(html.contains("holds no step"))
  }

  @Test("What is no run is refused with the reason")
  func refused() throws {
    let scratch = try TemporaryDirectory()
    let file = try scratch.write("file", "")
    for (path, reason) in [
      (scratch.path, "no config.yaml"), ("\(scratch.path)/none", "No such file"),
      (file, "not a directory"),
    ] {
      let error = #expect(throws: FileError.self) {
        try RunReport(RunDirectory(path: path))
      }
      #expect(error?.description.contains(reason) ?? false)
    }
    let damaged = try Self.write(scratch, metrics: "{\n" + Self.metrics)
    #expect(throws: FileError.self) { try RunReport(damaged) }
  }

  @Test(
    "Scales have round ticks that hold all values",
    arguments: [(0.0, 1.0), (2.31, 2.32), (-5, 1e6)])
  func scales(_ low: Double, _ high: Double) {
    let scale = LineChart.Scale([low, high], minimumSpan: 1e-9)
    #expect(scale.low <= low && scale.high >= high)
    #expect((3...12).contains(scale.ticks.count))
  }

  @Test("Bars lie inside those that hold them")
  func depths() {
    func slice(_ begin: Double, _ end: Double) -> Timeline.Slice {
      Timeline.Slice(
        name: "", category: "", rank: 0, thread: 0, begin: begin, duration: end - begin)
    }
    #expect(
      Timeline.depths([slice(0, 10), slice(0, 4), slice(1, 2), slice(4, 6), slice(10, 11)])
        == [0, 1, 2, 1, 0])
  }

  @Test(
    "A curve of one point, of equal values and of many points is drawn", arguments: [1, 2, 5000])
  func curves(count: Int) {
    let points = (0..<count).map { (step: Double($0 + 1), value: count == 2 ? 1.0 : Double($0)) }
    let svg = LineChart(title: "Loss", points: points).svg
    #expect(svg.contains("<polyline"))
    #expect(!svg.contains("nan") && !svg.contains("inf"))
    #expect(svg.utf8.count < 20_000)
  }
}
