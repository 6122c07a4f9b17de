import CKernels

/// What compression has left out so far, in the order of the flat layout.
///
/// What a step leaves out counts from the end of the step on, and not at all if the step is refused: its
/// gradients may be no numbers, and its update does not happen.
final class Residuals {
  /// For contributions and for results.
  private var kept: [WirePlace.Stage: [Float]]
  /// The arrays of the layout's size that are kept.
  static let arrays = 2
  private var noted: [(place: WirePlace, values: [Float])] = []

  /// None yet, for a layout of so many elements.
  init(elementCount: Int) {
    let zeros = [Float](repeating: 0, count: elementCount)
    kept = [.contribution: zeros, .result: zeros]
  }

  /// Adds what is left of elements to values that are about to be written.
  func add(to values: UnsafeMutablePointer<Float>, _ place: WirePlace) {
    kept[place.stage]?.withUnsafeBufferPointer { kept in
      guard let base = kept.baseAddress else { return }
      var target = values
      for segment in place.segments {
        ck_sum_f32(target, target, base + segment.range.lowerBound, segment.range.count)
        target += segment.range.count
      }
    }
  }

  /// Notes what has not been written in this step.
  func note(_ values: UnsafeBufferPointer<Float>, _ place: WirePlace) {
    noted.append((place, Array(values)))
  }

  /// Keeps what the step has noted, unless it was refused.
  func endStep(isRefused: Bool) {
    if !isRefused { for (place, values) in noted { keep(values, place) } }
    noted = []
  }

  private func keep(_ values: [Float], _ place: WirePlace) {
    var next = 0
    for segment in place.segments {
      kept[place.stage]?.replaceSubrange(
        segment.range, with: values[next..<next + segment.range.count])
      next += segment.range.count
    }
  }

  /// The residuals of this rank's contributions and of its results.
  var state: (contributions: [Float], results: [Float]) {
    get { (kept[.contribution] ?? [], kept[.result] ?? []) }
    set { kept = [.contribution: newValue.contributions, .result: newValue.results] }
  }
}
