import SounderArray

// Adaptive summation of this rank's slices: in place, in the first slots of the host's ranks, of which a rank
// changes nothing but its slices.
extension SliceUpdate {
  /// Looks for what is infinite or no number in the gradients of a bucket's slice.
  ///
  /// - Returns: the first bad block.
  func findBad(bucket: Int, isTouched: (Int) -> Bool) -> BucketPlan.Segment? {
    for segment in slices[bucket] where isTouched(segment.parameter) {
      let element = entries[segment.parameter].element
      for block in Self.blocks(of: segment.range) {
        for rank in 0..<memory.region.localSize {
          let values = memory.slot(0, of: rank) + block.lowerBound
          if !element.areFinite(values, words: block.count) {
            return BucketPlan.Segment(parameter: segment.parameter, range: block)
          }
        }
      }
    }
    return nil
  }

  /// Measures the pieces of this rank's slices for the pairs of a level.
  func measure(_ pairs: [Adasum.Pair], level: Int, isTouched: (Int) -> Bool) {
    for (index, pair) in pairs.enumerated() {
      let (left, right) = (memory.slot(0, of: pair.left), memory.slot(0, of: pair.right))
      let products = memory.innerProducts(level: level, pair: index, pieces: pieces.total)
      for segment in slices.joined() where isTouched(segment.parameter) {
        let element = entries[segment.parameter].element
        pieces.forEach(of: segment) { number, range in
          element.innerProducts(left, right, range, into: products + 3 * number)
        }
      }
    }
  }

  /// Joins the pairs of a level in this rank's slices, once all ranks have measured theirs.
  func join(_ pairs: [Adasum.Pair], level: Int, isTouched: (Int) -> Bool) {
    for (index, pair) in pairs.enumerated() {
      let (left, right) = (memory.slot(0, of: pair.left), memory.slot(0, of: pair.right))
      let scales = (
        left: pair.isLeftRank ? memory.gradientScale(ofRank: pair.left).pointee : 1,
        right: pair.isRightRank ? memory.gradientScale(ofRank: pair.right).pointee : 1
      )
      for segment in slices.joined() where isTouched(segment.parameter) {
        var products = products(of: segment.parameter, level: level, pair: index)
        products.mixed *= scales.left * scales.right
        products.left *= scales.left * scales.left
        products.right *= scales.right * scales.right
        let factors = products.factors
        entries[segment.parameter].element.weightedSum(
          left, left, right, factors.left * scales.left, factors.right * scales.right,
          segment.range)
      }
    }
  }

  /// The products of a whole parameter, added up in the order of its pieces.
  private func products(of parameter: Int, level: Int, pair: Int) -> Adasum.Products {
    let values = memory.innerProducts(level: level, pair: pair, pieces: pieces.total)
    var sum = Adasum.Products()
    let whole = BucketPlan.Segment(parameter: parameter, range: entries[parameter].range)
    pieces.forEach(of: whole) { number, _ in
      sum.mixed += values[3 * number]
      sum.left += values[3 * number + 1]
      sum.right += values[3 * number + 2]
    }
    return sum
  }

  /// Keeps what the last level has left with the first rank, where sums are kept.
  func keepJoined(isTouched: (Int) -> Bool) {
    let joined = memory.slot(0, of: 0)
    let scale = memory.region.localSize == 1 ? memory.gradientScale(ofRank: 0).pointee : 1
    for segment in slices.joined() {
      if isTouched(segment.parameter) {
        entries[segment.parameter].element.weightedSum(
          keptSum, joined, joined, scale, 0, segment.range)
      }
      if policy.measuresNorm { measure(segment, isTouched: isTouched(segment.parameter)) }
    }
  }
}
