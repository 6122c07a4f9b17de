import CKernels

/// The autograd switches of the running thread, read by every operator.
///
/// One thread-local word in C: zero means that operations are recorded and no forward-mode level is
/// open, so the common path tests a single register. The modes don't follow an `await`.
enum Modes {
  static let gradientsOff: UInt32 = 1
  static let forwardOn: UInt32 = 2

  /// Whether operations are recorded for a backward pass.
  @inline(__always) static var recording: Bool {
    ck_thread().pointee.modes & gradientsOff == 0
  }

  /// Whether a forward-mode level is open.
  @inline(__always) static var forward: Bool {
    ck_thread().pointee.modes & forwardOn != 0
  }

  /// Sets recording and returns the word to restore.
  @inline(__always) static func setRecording(_ on: Bool) -> UInt32 {
    let state = ck_thread()
    let saved = state.pointee.modes
    state.pointee.modes = on ? saved & ~gradientsOff : saved | gradientsOff
    return saved
  }

  @inline(__always) static func restore(_ word: UInt32) { ck_thread().pointee.modes = word }
}

/// Whether operations on this thread are recorded for a backward pass.
public var isGradientEnabled: Bool { Modes.recording }

/// Runs `body` without recording: results don't require gradients.
///
/// In-place operations on leaves are allowed inside and still bump version counters. The mode is the
/// thread's own and does not follow an `await`.
public func noGrad<Result>(_ body: () throws -> Result) rethrows -> Result {
  try withGradient(enabled: false, body)
}

/// Runs `body` with recording switched on or off; scopes nest.
public func withGradient<Result>(enabled: Bool, _ body: () throws -> Result) rethrows -> Result {
  let saved = Modes.setRecording(enabled)
  defer { Modes.restore(saved) }
  return try body()
}
