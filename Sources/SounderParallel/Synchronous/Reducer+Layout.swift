import SounderComm

// What ranks ask of each other at the end of a step, a new layout of buckets above all.
extension Reducer {
  /// What a rank asks of all others, as bits.
  enum Request {
    static let stop = 1
    static let newLayout = 2
  }

  /// Writes this rank's requests; before its last bucket is published or the host synchronises.
  func reportRequests() {
    var requests = stopRequested ? Request.stop : 0
    // Optimiser state shared out over hosts and what compression carries on stay with the ranks that
    // have them, which the layout decides.
    let isFixed = network?.gathersParameters ?? false || options.compression != .none
    if group.rank == 0, !isFixed, let order = shard.order, history.observe(order) {
      wantedOrder = order
      requests |= Request.newLayout
    }
    let report = memory.report(step: step, count: reportCount)
    report[plan.shards + memory.region.localRank] = Double(requests)
  }

  /// Plans the buckets of the coming steps by the order in which rank 0's gradients arrived; all ranks
  /// call this between two steps.
  func adoptObservedOrder() throws {
    var order = (wantedOrder ?? []).map(Int64.init)
    if order.isEmpty { order = Array(repeating: 0, count: parameters.count) }
    try order.withUnsafeMutableBytes { try group.broadcast($0, root: 0) }
    wantedOrder = nil
    buckets = BucketPlan(
      ranges: ranges, order: order.map(Int.init), sizes: options.effectiveBucketSizes)
    update.adopt(buckets, network)
    layoutChanged?()
  }

  /// The current layout by name.
  var layout: BucketLayout {
    BucketLayout(buckets: buckets.buckets.map { $0.segments.map { names[$0.parameter] } })
  }

  /// The words of a step's report: a loss for each shard, a stop request for each rank of the host and
  /// for all other hosts.
  var reportCount: Int { plan.shards + memory.region.localSize + 1 }
}
