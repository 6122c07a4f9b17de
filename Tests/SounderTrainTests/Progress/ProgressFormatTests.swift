import Testing

@testable import SounderTrain

@Suite("Progress lines")
struct ProgressFormatTests {
  private static let state = ProgressState(
    epoch: 1, epochCount: 5, step: 250, stepCount: 1_000, loss: 0.123456, learningRate: 0.05,
    samplesPerSecond: 68_123, secondsLeft: 125)

  @Test("A line names epoch, step, loss, rate and time left")
  func line() {
    #expect(
      ProgressFormat.line(Self.state)
        == "epoch 2/5  step 250/1000  loss 0.1235  lr 0.05  68.1k samples/s  2m05s left")
  }

  @Test("The bar fits the window", arguments: [1, 10, 40, 79, 100, 200])
  func bar(_ width: Int) {
    let bar = ProgressFormat.bar(Self.state, width: width)
    #expect(bar.count < max(width, 2))
    if width == 200 { #expect(bar.hasPrefix("███████░░░")) }
  }

  @Test(
    "Durations show their two largest units",
    arguments: [(0.2, "1s"), (59, "59s"), (60, "1m00s"), (3_600, "1h00m"), (.infinity, "?")])
  func duration(_ seconds: Double, _ text: String) {
    #expect(ProgressFormat.duration(seconds) == text)
  }

  @Test(
    "Losses stay readable at any size",
    arguments: [(0.0, "0.0000"), (2.302585, "2.3026"), (1e-5, "1e-05"), (123_456, "1.23e+05")])
  func loss(_ value: Double, _ text: String) {
    #expect(ProgressFormat.loss(value) == text)
  }

  @Test("JSON lines carry the event's name first")
  func json() {
    #expect(
      JSONValue.object(Self.state.json).compact
        == #"{"event":"step","step":250,"epoch":2,"loss":0.123456,"lr":0.05,"#
        + #""samples_per_second":68123}"#)
  }
}
