import SounderArray

// How the gradients of a rank's shards become one sum for each node of the tree.
//
// Either every shard writes its gradient into a slot, and slots are added up; or the factors of a weight's
// gradient are kept, and the gradients of all shards are formed and added tile by tile once the last
// shard has come to the weight (`RowProducts`). Both give the same bits, so a weight may fall back to the
// first way in the middle of a step: when a shard does not use it, or uses it twice, or when the factors
// have become larger than the gradient.
extension Reducer {
  /// The slots that are added, each to the one before it, when a shard is complete.
  func additions(after entry: ShardPlan.Step, isLast: Bool) -> [Int] {
    // Adaptive summation joins whole ranks, whatever nodes of the tree over shards they hold.
    isLast && adasum != nil ? (0..<entry.slot).map { entry.slot - $0 } : entry.additions
  }

  /// Joins a complete bucket of a shard with those of the shards before it.
  func join(bucket: Int, of entry: ShardPlan.Step, isLast: Bool) {
    let additions = self.additions(after: entry, isLast: isLast)
    for segment in buckets.buckets[bucket].segments {
      let products = products[segment.parameter]
      let isKept = products?.holdsShard ?? false
      if isLast || !isKept { products?.form(into: sums(of: segment)) }
      if isKept {
        // What a user would find is not the gradient.
        parameters[segment.parameter].accumulator?.gradient = nil
      } else {
        for slot in additions { add(slot: slot, segment) }
      }
    }
  }

  /// Where the sums of a parameter lie, by slot.
  private func sums(of segment: BucketPlan.Segment) -> [UnsafeMutablePointer<Float>] {
    (0..<plan.slotCount).map {
      memory.slot($0, of: memory.region.localRank) + segment.range.lowerBound
    }
  }

  private func add(slot: Int, _ segment: BucketPlan.Segment) {
    let left = memory.slot(slot - 1, of: memory.region.localRank)
    let right = memory.slot(slot, of: memory.region.localRank)
    let begin = segment.range.lowerBound
    elements[segment.parameter].add(
      left + begin, left + begin, right + begin, words: segment.range.count)
  }
}
