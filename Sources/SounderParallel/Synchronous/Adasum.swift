import SounderNN

/// Adaptive summation: gradients that agree are averaged, gradients that have nothing to do with each other are
/// added (Maleki et al., 2021).
///
/// Two gradients of a parameter are joined to `(1 − a·b / 2|a|²) a + (1 − a·b / 2|b|²) b`, ranks along the
/// ``ReductionTree`` over ranks: neighbours first, level by level. The result depends on the number of ranks, as
/// the method does, and on nothing else.
struct Adasum {
  /// Two tree nodes that are joined: each is known by its first rank, whose memory takes the outcome.
  struct Pair: Hashable {
    let left: Int
    let right: Int
    /// Whether a side is the gradient of one rank, not the outcome of an earlier level.
    let isLeftRank: Bool
    let isRightRank: Bool
  }

  /// The inner products of the two gradients of a pair.
  struct Products {
    var mixed = 0.0
    var left = 0.0
    var right = 0.0

    /// The factors of both gradients; those of no length have none to lose.
    var factors: (left: Double, right: Double) {
      (left > 0 ? 1 - mixed / (2 * left) : 1, right > 0 ? 1 - mixed / (2 * right) : 1)
    }
  }

  /// The pairs of each level, which all ranks have to finish before the next begins.
  let levels: [[Pair]]

  /// The plan for a number of ranks; none for a single one.
  init(ranks: Int) {
    var levels: [[Pair]] = []
    // Returns the first level at which the node's outcome is there.
    func plan(_ node: Range<Int>) -> Int {
      if node.count == 1 { return 0 }
      let middle = ReductionTree.split(node)
      let level = max(plan(node.lowerBound..<middle), plan(middle..<node.upperBound))
      if level == levels.count { levels.append([]) }
      levels[level].append(
        Pair(
          left: node.lowerBound, right: middle, isLeftRank: middle - node.lowerBound == 1,
          isRightRank: node.upperBound - middle == 1))
      return level + 1
    }
    _ = plan(0..<ranks)
    self.levels = levels
  }

  /// The pairs of the level that has most.
  static func pairCount(ranks: Int) -> Int { ranks / 2 }
}

extension DataParallel.Reduction {
  /// Refuses what does not go together.
  /// - Throws: ``ParallelError`` that names the key and the way out.
  func check(_ model: Module, _ options: DataParallel.Options, hosts: Int) throws {
    guard self == .adasum else { return }
    func refuse(_ reason: String) -> ParallelError {
      ParallelError("parallel.reduction is adasum, \(reason), or reduction to mean")
    }
    if hosts > 1 {
      throw ParallelError(
        "parallel.reduction is adasum, which joins ranks of one host, but there are \(hosts) hosts; set "
          + "reduction to mean, or start all ranks on one host")
    }
    if let shards = options.virtualShards {
      throw refuse(
        "which depends on the number of ranks, but parallel.virtual_shards is \(shards) for results that do "
          + "not; set virtual_shards to auto")
    }
    if options.shardState == .all {
      throw refuse(
        "which works on one host, but parallel.shard_state all shares state out over hosts; set shard_state "
          + "to host")
    }
    if options.compression != .none {
      throw refuse(
        "which works on one host, but parallel.compression is for the way between hosts; set compression "
          + "to none")
    }
    if let table = model.sparseTables.first {
      throw refuse(
        "but the gradient of '\(table.name)' is sparse and its rows are added up; set sparse to false"
      )
    }
  }
}
