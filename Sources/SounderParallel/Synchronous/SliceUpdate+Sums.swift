import SounderArray

// What gradients add up to, a block at a time.
extension SliceUpdate {
  /// Adds up this rank's slice of a bucket and updates it, or keeps the sum for later.
  ///
  /// - Parameter isTouched: Whether any rank used a parameter.
  /// - Returns: the first block whose sum is infinite or no number, if that is looked for; the rest of the
  ///   bucket is then left alone.
  func reduce(bucket: Int, isTouched: (Int) -> Bool) -> BucketPlan.Segment? {
    for segment in slices[bucket] {
      if isTouched(segment.parameter) {
        let element = entries[segment.parameter].element
        for block in Self.blocks(of: segment.range) {
          let gradient = sum.block(block, element)
          if checksSums && !element.areFinite(gradient, words: block.count) {
            return BucketPlan.Segment(parameter: segment.parameter, range: block)
          }
          if !defersUpdate {
            apply(segment.parameter, block, gradient - block.lowerBound, scale: 1)
          } else {
            keptSum.advanced(by: block.lowerBound).update(from: gradient, count: block.count)
          }
        }
      }
      if policy.measuresNorm { measure(segment, isTouched: isTouched(segment.parameter)) }
    }
    return nil
  }

  /// Adds the host's gradients in this rank's part of a bucket up to the host's tree nodes.
  ///
  /// - Returns: the first block whose sum is infinite or no number.
  func sumHost(
    _ bucket: Int, _ leaves: [TreeSum.Leaf], into sums: [HostSum]
  ) -> BucketPlan.Segment? {
    var bad: BucketPlan.Segment?
    for target in sums {
      let partial = TreeSum(
        leaves: leaves.filter { target.node.contains($0.node.lowerBound) }, root: target.node)
      defer { partial.deallocate() }
      for segment in contributions[bucket] {
        let element = entries[segment.parameter].element
        for block in Self.blocks(of: segment.range) {
          let values = partial.block(block, element)
          if bad == nil && !element.areFinite(values, words: block.count) {
            bad = BucketPlan.Segment(parameter: segment.parameter, range: block)
          }
          (target.sum + block.lowerBound).update(from: values, count: block.count)
        }
      }
    }
    return bad
  }

  /// Where sums that are not used at once are kept.
  ///
  /// In the sharded form that is this rank's own first slot, in whose slice nobody else is interested.
  var keptSum: UnsafeMutablePointer<Float> {
    isSharded ? memory.slot(0, of: memory.region.localRank) : memory.reduced
  }

  /// Measures the kept sums of the pieces of a segment, which are zero if nobody used the parameter.
  func measure(_ segment: BucketPlan.Segment, isTouched: Bool) {
    let norms = memory.norms(count: pieces.total)
    let element = entries[segment.parameter].element
    pieces.forEach(of: segment) { number, range in
      norms[number] = isTouched ? element.squaredNorm(keptSum, range) : 0
    }
  }

  /// The norm of the whole gradient, once all ranks have measured their pieces: summed in the order of
  /// the pieces, so that it does not depend on the number of ranks.
  func gradientNorm() -> Double {
    let norms = memory.norms(count: pieces.total)
    return (0..<pieces.total).reduce(0) { $0 + norms[$1] }.squareRoot()
  }

  /// Copies the sum of a whole parameter to this rank (form `replicated`), which may be done once all
  /// ranks of the host have added up their slices.
  func copySum(_ segment: BucketPlan.Segment) -> UnsafeMutablePointer<Float> {
    let own = memory.slot(0, of: memory.region.localRank)
    (own + segment.range.lowerBound).update(
      from: memory.reduced + segment.range.lowerBound, count: segment.range.count)
    return own
  }

  /// A range in pieces that stay in the first cache.
  static func blocks(of range: Range<Int>) -> some Sequence<Range<Int>> {
    stride(from: range.lowerBound, to: range.upperBound, by: TreeSum.blockCount).lazy.map {
      $0..<Swift.min($0 + TreeSum.blockCount, range.upperBound)
    }
  }
}
