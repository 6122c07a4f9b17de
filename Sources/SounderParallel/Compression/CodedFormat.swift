import CKernels

/// Sums in a ``FloatCode``, with error feedback where that loses much.
///
/// With feedback, whoever writes keeps the difference between what it wanted to write and what readers
/// read, and adds it the next time it writes the same elements: a host for its contributions, the owner
/// of a part for the sums over hosts (Stich et al., 2018; Tang et al., 2019).
final class CodedFormat: WireFormat {
  private let code: any FloatCode
  /// What has not been written yet.
  let residuals: Residuals?

  init(_ code: any FloatCode, residuals: Residuals? = nil) {
    self.code = code
    self.residuals = residuals
  }

  func byteCount(of count: Int) -> Int { code.byteCount(count) }

  func encode(
    _ values: UnsafeMutableBufferPointer<Float>, _ place: WirePlace,
    into bytes: UnsafeMutableRawBufferPointer
  ) {
    guard let source = values.baseAddress, let target = bytes.baseAddress else { return }
    residuals?.add(to: source, place)
    code.write(source, values.count, to: target)
    guard let residuals else { return }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: values.count) { read in
      guard let sent = read.baseAddress else { return }
      code.read(target, values.count, into: sent)
      for index in 0..<values.count { source[index] -= sent[index] }
    }
    residuals.note(UnsafeBufferPointer(values), place)
  }

  func decode(_ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>) {
    guard let source = bytes.baseAddress, let target = values.baseAddress else { return }
    code.read(source, values.count, into: target)
  }

  func endStep(isRefused: Bool) { residuals?.endStep(isRefused: isRefused) }

  var state: CompressionState {
    get {
      var state = CompressionState()
      if let residuals { (state.contributions, state.results) = residuals.state }
      return state
    }
    set { residuals?.state = (newValue.contributions, newValue.results) }
  }
}
