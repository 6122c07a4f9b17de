import SounderParallel
import Testing

@testable import SounderTrain

@Suite struct LinkSpeedTests {
  @Test(
    "Links are read with their units",
    arguments: [
      ("bandwidth=1Gbit,latency=5ms", 125e6, 5e-3), ("latency=20us,bandwidth=10GB", 10e9, 20e-6),
      ("bandwidth=100Mbit,latency=0s", 12.5e6, 0), ("bandwidth=2.5MB,latency=7ns", 2.5e6, 7e-9),
      ("10GbE", 1.17e9, 25e-6),
    ])
  func reads(text: String, bandwidth: Double, latency: Double) throws {
    let link = try LinkSpeed(text: text)
    #expect(abs(link.bandwidth / bandwidth - 1) < 1e-12)
    #expect(abs(link.latency - latency) < 1e-15)
  }

  @Test(
    "A link that cannot be understood is named with what would be right",
    arguments: [
      ("fast", "fast"), ("bandwidth=1Gbit", "latency"), ("latency=1ms", "bandwidth"),
      ("bandwidth=1,latency=1ms", "bandwidth=1"),
      ("bandwidth=-1Gbit,latency=1ms", "bandwidth=-1Gbit"),
      ("bandwidth=1Gbit,latency=1ms,loss=1", "loss=1"), ("", ""),
      ("bandwidth=0Gbit,latency=1ms", "bandwidth=0Gbit"),
    ])
  func refuses(text: String, part: String) {
    #expect(throws: LinkTextError(text: text, part: part)) { try LinkSpeed(text: text) }
    #expect(
      LinkTextError(text: text, part: part).description.contains("bandwidth=1Gbit,latency=5ms"))
  }
}
