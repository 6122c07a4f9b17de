/// How many updates of other workers were committed between the snapshot and the commit of an update.
///
/// Powers of two: bin 0 counts updates of staleness 0, bin k those of 2^(k-1) up to 2^k - 1.
public struct StalenessHistogram: Sendable, Hashable {
  /// The number of bins.
  public static let binCount = 33
  /// The counts of the bins.
  public private(set) var bins = Array(repeating: 0, count: binCount)
  /// The largest staleness seen.
  public private(set) var maximum = 0

  /// An empty histogram.
  public init() {}

  init(bins: [Int], maximum: Int) {
    self.bins = bins
    self.maximum = maximum
  }

  /// Counts one update.
  public mutating func record(_ staleness: Int) {
    bins[Self.bin(staleness)] += 1
    maximum = max(maximum, staleness)
  }

  /// The bin of a staleness.
  public static func bin(_ staleness: Int) -> Int {
    staleness <= 0 ? 0 : min(Int.bitWidth - staleness.leadingZeroBitCount, binCount - 1)
  }

  /// The number of updates counted.
  public var count: Int { bins.reduce(0, +) }

  /// The largest staleness of the bin in which the given share of all updates is reached.
  public func quantile(_ share: Double) -> Int {
    let target = max(Int((Double(count) * share).rounded(.up)), 1)
    var seen = 0
    for (bin, number) in bins.enumerated() {
      seen += number
      if seen >= target { return bin == 0 ? 0 : min((1 << bin) - 1, maximum) }
    }
    return maximum
  }

  /// Adds the counts of another histogram.
  public mutating func merge(_ other: StalenessHistogram) {
    for bin in bins.indices { bins[bin] += other.bins[bin] }
    maximum = max(maximum, other.maximum)
  }
}
