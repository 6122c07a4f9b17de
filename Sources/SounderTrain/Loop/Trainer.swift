import SounderNN

/// A way to train: it takes the steps of one epoch after the other.
protocol Trainer {
  /// The model with the parameters of this rank's view; current after every epoch.
  var model: Module { get }

  /// Takes the steps in a range, all of one epoch, and records them.
  ///
  /// - Returns: whether all ranks were asked to stop before the end.
  func train(epoch: Int, steps: Range<Int>, recorder: RunRecorder) throws -> Bool

  /// The bytes that the ranks of this host share for training.
  var sharedByteCount: Int { get }

  /// What the summary says about this way of training.
  func summary() -> JSONObject
}
