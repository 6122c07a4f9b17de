import CKernels
import SounderArray

extension Tensor {
  /// The tangent in the open forward-mode level; zeros if there is none.
  var tangentOrZero: Tensor { tangent ?? Tensor(Kernels.zerosLike(array)) }

  /// Adds a part of the tangent of an operator's result, broadcast to the shape of the result.
  func addTangent(_ part: Tensor) {
    guard dtype.isDifferentiable else { return }
    setTangent(tangent.map { $0 + part } ?? part)
  }

  /// Forgets the tangent of a tensor that is changed in place.
  func clearTangent() { extras?.tangent = nil }
}

extension Modes {
  /// Switches forward mode off while a tangent is computed, whose parts may be duals themselves, and
  /// returns the word to restore.
  static func suspendForward() -> UInt32 {
    let state = ck_thread()
    let saved = state.pointee.modes
    state.pointee.modes = saved & ~forwardOn
    return saved
  }
}
