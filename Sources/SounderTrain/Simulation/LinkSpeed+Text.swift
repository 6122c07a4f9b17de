import Foundation
import SounderParallel

extension LinkSpeed {
  /// Networks by name: bytes a second and one-way latency as TCP over them usually has; InfiniBand's adapter moves
  /// data itself.
  static let presets: [(name: String, speed: LinkSpeed)] = [
    ("1gbe", LinkSpeed(bandwidth: 0.117e9, latency: 50e-6)),
    ("10gbe", LinkSpeed(bandwidth: 1.17e9, latency: 25e-6)),
    ("25gbe", LinkSpeed(bandwidth: 2.9e9, latency: 20e-6)),
    ("100gbe", LinkSpeed(bandwidth: 11.5e9, latency: 15e-6)),
    ("infiniband-hdr", LinkSpeed(bandwidth: 24e9, latency: 1.5e-6, coreSecondsPerByte: 0)),
  ]

  /// A link as the command line names it: a preset, or `bandwidth=1Gbit,latency=5ms`.
  ///
  /// Bandwidths take `bit`, `Kbit`, `Mbit`, `Gbit`, `B`, `KB`, `MB` or `GB` (a second, powers of 1,000);
  /// latencies `s`, `ms`, `us` or `ns`, one way.
  /// - Throws: ``LinkTextError`` that says what is wrong.
  public init(text: String) throws(LinkTextError) {
    if let preset = Self.presets.first(where: { $0.name == text.lowercased() }) {
      self = preset.speed
      return
    }
    var (bandwidth, latency): (Double?, Double?) = (nil, nil)
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
      guard pair.count == 2 else { throw LinkTextError(text: text, part: String(part)) }
      switch pair[0] {
      case "bandwidth": bandwidth = Self.value(pair[1], Self.bandwidthUnits)
      case "latency": latency = Self.value(pair[1], Self.latencyUnits)
      default: throw LinkTextError(text: text, part: String(part))
      }
      let isValid = pair[0] == "bandwidth" ? (bandwidth ?? 0) > 0 : (latency ?? -1) >= 0
      guard isValid else { throw LinkTextError(text: text, part: String(part)) }
    }
    guard let bandwidth, let latency else {
      throw LinkTextError(text: text, part: bandwidth == nil ? "bandwidth" : "latency")
    }
    self.init(bandwidth: bandwidth, latency: latency)
  }

  private static let bandwidthUnits: [(name: String, factor: Double)] = [
    ("Kbit", 125), ("Mbit", 125e3), ("Gbit", 125e6), ("bit", 0.125), ("KB", 1e3), ("MB", 1e6),
    ("GB", 1e9), ("B", 1),
  ]
  private static let latencyUnits: [(name: String, factor: Double)] = [
    ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9), ("s", 1),
  ]

  /// The number before the first unit that fits; nil when none does.
  private static func value(_ text: String, _ units: [(name: String, factor: Double)]) -> Double? {
    for unit in units where text.hasSuffix(unit.name) {
      guard let number = Double(text.dropLast(unit.name.count)), number.isFinite else { continue }
      return number * unit.factor
    }
    return nil
  }
}

/// A link that cannot be understood.
public struct LinkTextError: ReportedError, Equatable {
  /// The whole text.
  public let text: String
  /// The part that is wrong or missing.
  public let part: String

  /// 64: the command was used wrongly.
  public var exitCode: ExitCode { .usage }

  /// One line with what is wrong and what would be right.
  public var description: String {
    let presets = LinkSpeed.presets.map(\.name).joined(separator: ", ")
    return "error: --link '\(text)': '\(part)' is missing or not understood; give "
      + "bandwidth=1Gbit,latency=5ms, one of \(presets), or measured"
  }
}
