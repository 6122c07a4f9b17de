import SounderAutograd

/// How the losses of the samples become one number.
public enum LossReduction: String, Sendable, Hashable, CaseIterable {
  /// The mean over all losses.
  case mean
  /// The sum of all losses.
  case sum
  /// The losses as they are.
  case none
}

/// The cross-entropy between the softmax of logits and the true classes.
///
/// For one sample: −logits[class] + log Σ exp(logits), computed without overflow.
/// - Parameters:
///   - logits: `[samples, classes]`.
///   - targets: The index of the true class, `[samples]`, int64.
///   - reduction: How samples are combined; the mean by default.
public func crossEntropy(
  _ logits: Tensor, _ targets: Tensor, reduction: LossReduction = .mean
) -> Tensor {
  logits.crossEntropy(targets, reduction: reduction.rawValue)
}

/// The mean squared error (prediction − target)².
///
/// - Parameter reduction: How elements are combined; the mean by default.
public func mse(
  _ prediction: Tensor, _ target: Tensor, reduction: LossReduction = .mean
) -> Tensor {
  prediction.mseLoss(target, reduction: reduction.rawValue)
}
