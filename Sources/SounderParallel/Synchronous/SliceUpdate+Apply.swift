import SounderNN

// What the optimiser makes of sums.
extension SliceUpdate {
  /// Counts an update of a parameter; before its first block is updated.
  func countStep(_ parameter: Int) { stepCounts[parameter] += 1 }

  /// Updates this rank's slices with sums that were kept (form `sharded`).
  func applyKept(scale: Double, isTouched: (Int) -> Bool) {
    for segment in slices.joined() where isTouched(segment.parameter) {
      for block in Self.blocks(of: segment.range) {
        apply(segment.parameter, block, UnsafePointer(keptSum), scale: scale)
      }
    }
  }

  /// Updates this rank's copy of a parameter with the sum it has copied (form `replicated`).
  func applyCopy(_ segment: BucketPlan.Segment, scale: Double) {
    let own = memory.slot(0, of: memory.region.localRank)
    apply(segment.parameter, segment.range, UnsafePointer(own), scale: scale)
  }

  /// Updates one row of a table `[*, width]`.
  func apply(
    row: Int, of parameter: Int, width: Int, gradient: UnsafePointer<Float>, scale: Double
  ) {
    let begin = origins[parameter] + row * width
    apply(parameter, begin..<begin + width, gradient - begin, scale: scale)
  }

  func apply(
    _ parameter: Int, _ range: Range<Int>, _ gradients: UnsafePointer<Float>, scale: Double
  ) {
    let element = entries[parameter].element
    guard let optimizer = element == .float32 ? optimizer : wideOptimizer else { return }
    optimizer.update(
      range.lowerBound / element.words..<range.upperBound / element.words, parameters: parameters,
      gradients: gradients, state: state[parameter],
      step: stepCounts[parameter], learningRate: learningRate, gradientScale: scale,
      decays: decays[parameter])
  }
}
