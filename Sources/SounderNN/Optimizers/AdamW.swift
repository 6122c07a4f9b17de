import SounderAutograd

/// Adam with weight decay decoupled from the gradient (Loshchilov and Hutter, 2019).
public final class AdamW: Optimizer {
  /// AdamW with PyTorch's defaults.
  public convenience init(
    _ parameters: [Tensor], learningRate: Double = 1e-3, beta1: Double = 0.9,
    beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01
  ) {
    self.init(
      parameters,
      .adamW(
        learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon,
        weightDecay: weightDecay))
  }
}
