import Testing

@testable import SounderNN

@Suite("Learning-rate schedules")
struct LearningRateScheduleTests {
  private func rates(_ schedule: LearningRateSchedule, _ count: Int) -> [Double] {
    (0..<count).map(schedule.rate(at:))
  }

  @Test("A constant schedule stays at the base rate")
  func constant() {
    #expect(rates(LearningRateSchedule(base: 0.3), 3) == [0.3, 0.3, 0.3])
  }

  @Test("A step schedule multiplies by gamma (PyTorch's StepLR)")
  func step() {
    #expect(
      rates(LearningRateSchedule(.step(size: 3, gamma: 0.5), base: 1), 7)
        == [1, 1, 1, 0.5, 0.5, 0.5, 0.25])
  }

  @Test("A cosine schedule falls to its minimum and stays (PyTorch's CosineAnnealingLR)")
  func cosine() {
    let expected = [
      1.0, 0.9657457896300791, 0.8681980515339464, 0.7222075445642905, 0.55, 0.3777924554357097,
      0.2318019484660537, 0.134254210369921, 0.1, 0.1,
    ]
    let found = rates(LearningRateSchedule(.cosine(steps: 8, minimum: 0.1), base: 1), 10)
    #expect(found.isClose(to: expected, within: 1e-14))
  }

  @Test("A warm-up rises linearly to the base rate, then the shape begins")
  func warmup() {
    let schedule = LearningRateSchedule(.step(size: 2, gamma: 0.1), base: 0.8, warmupSteps: 4)
    #expect(
      rates(schedule, 8).isClose(
        to: [0.2, 0.4, 0.6, 0.8, 0.8, 0.8, 0.08, 0.08], within: 1e-14))
  }

  @Test("Degenerate lengths do not divide by zero")
  func degenerate() {
    #expect(LearningRateSchedule(.cosine(steps: 0, minimum: 0.1), base: 1).rate(at: 5).isFinite)
    #expect(LearningRateSchedule(.step(size: 0, gamma: 0.5), base: 1).rate(at: 1) == 0.5)
  }
}
