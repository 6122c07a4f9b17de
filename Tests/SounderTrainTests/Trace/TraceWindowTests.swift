import Testing

@testable import SounderTrain

@Suite("The steps of a trace")
struct TraceWindowTests {
  @Test(
    "DA-10: ranges of steps are read",
    arguments: [("10..20", 10...20), ("7", 7...7), ("1..1", 1...1)])
  func reads(_ text: String, _ steps: ClosedRange<Int>) {
    #expect(TraceWindow(text) == TraceWindow(steps))
  }

  @Test(
    "DA-10: what is no range is refused",
    arguments: ["", "0..3", "5..4", "a", "1..", "1..2..3", "-1"]
  )
  func refuses(_ text: String) throws {
    #expect(TraceWindow(text) == nil)
    #expect(throws: ConfigurationError.self) {
      try ConfigurationReader.read(yaml: "run: {trace: true, trace_steps: \"\(text)\"}")
    }
  }

  @Test("DA-10: without a wish the first ten steps are left out, as far as there are others")
  func standard() {
    #expect(TraceWindow.standard(stepCount: 1000) == TraceWindow(11...20))
    #expect(TraceWindow.standard(stepCount: 15) == TraceWindow(6...15))
    #expect(TraceWindow.standard(stepCount: 3) == TraceWindow(1...3))
    #expect("\(TraceWindow(6...15))" == "6..15")
  }
}
