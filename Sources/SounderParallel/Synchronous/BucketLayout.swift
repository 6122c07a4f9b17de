/// Which parameters are reduced together, and in which order: the same on all ranks.
///
/// Results don't depend on the layout, only the time at which sums are there does. It is a value that can be
/// saved with a job and given back with ``DataParallel/Options/bucketLayout``, so that a resumed job runs
/// exactly as the one before.
public struct BucketLayout: Sendable, Hashable, Codable {
  /// The names of the parameters of each bucket, in the order in which buckets are reduced.
  public let buckets: [[String]]

  /// A layout with the given names in each bucket.
  public init(buckets: [[String]]) { self.buckets = buckets }

  /// The numbers of the parameters of each bucket.
  /// - Throws: ``ParallelError`` if the layout does not hold each of `names` exactly once.
  func groups(of names: [String]) throws -> [[Int]] {
    var numbers = Dictionary(
      names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let groups = try buckets.filter { !$0.isEmpty }.map { bucket in
      try bucket.map { name in
        guard let number = numbers.removeValue(forKey: name) else {
          throw ParallelError(
            "bucketLayout: the model has no parameter '\(name)', or the layout names it twice; leave "
              + "the layout out to have a new one planned")
        }
        return number
      }
    }
    if let missing = numbers.min(by: { $0.value < $1.value }) {
      throw ParallelError(
        "bucketLayout: parameter '\(missing.key)' is in no bucket; leave the layout out to have a new "
          + "one planned")
    }
    return groups
  }
}

/// How large gradient buckets are, in bytes; a larger parameter has a bucket of its own.
public struct BucketSizes: Sendable, Hashable, Codable {
  /// The first bucket: small, so that the reduction begins early.
  public var first: Int
  /// The buckets between.
  public var regular: Int
  /// The last bucket: small, because nothing is left to hide its reduction behind.
  public var last: Int

  /// Buckets of `regular` bytes, by default 256 KiB, with a quarter of that at both ends.
  public init(regular: Int = 256 << 10) {
    self.init(first: regular / 4, regular: regular, last: regular / 4)
  }

  /// Buckets of the given sizes.
  public init(first: Int, regular: Int, last: Int) {
    self.first = first
    self.regular = regular
    self.last = last
  }
}

extension BucketPlan {
  /// A plan for parameters whose gradients are complete in the given order.
  init(ranges: [Range<Int>], order: [Int], sizes: BucketSizes) {
    func limit(_ bytes: Int) -> Int { max(bytes / MemoryLayout<Float>.stride, 1) }
    var last: [Int] = []
    var rest = order[...]
    var filled = 0
    while let parameter = rest.last, rest.count > 1, !last.isEmpty || order.count > 2 {
      filled += ranges[parameter].count
      if !last.isEmpty && filled > limit(sizes.last) { break }
      last.insert(parameter, at: 0)
      rest.removeLast()
    }
    var groups: [[Int]] = []
    filled = 0
    for parameter in rest {
      let count = ranges[parameter].count
      if groups.isEmpty || filled + count > limit(groups.count == 1 ? sizes.first : sizes.regular) {
        groups.append([])
        filled = 0
      }
      groups[groups.count - 1].append(parameter)
      filled += count
    }
    self.init(ranges: ranges, groups: groups + (last.isEmpty ? [] : [last]))
  }
}
