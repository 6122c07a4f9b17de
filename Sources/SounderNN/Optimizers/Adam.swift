import SounderAutograd

/// Adam: steps scaled by running moments of the gradient (Kingma and Ba, 2015).
///
/// Weight decay is added to the gradient; ``AdamW`` applies it to the parameter itself.
public final class Adam: Optimizer {
  /// Adam with PyTorch's defaults.
  public convenience init(
    _ parameters: [Tensor], learningRate: Double = 1e-3, beta1: Double = 0.9,
    beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0
  ) {
    self.init(
      parameters,
      .adam(
        learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon,
        weightDecay: weightDecay))
  }
}
