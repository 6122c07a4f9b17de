import SounderAutograd

/// Stochastic gradient descent with momentum, Nesterov's momentum and weight decay.
///
/// g ← g + λp; b ← μb + g; p ← p − ηb, or p ← p − η(g + μb) with Nesterov's momentum.
public final class SGD: Optimizer {
  /// Descent at the given rate η, with momentum μ and weight decay λ.
  public convenience init(
    _ parameters: [Tensor], learningRate: Double, momentum: Double = 0, nesterov: Bool = false,
    weightDecay: Double = 0
  ) {
    self.init(
      parameters,
      .sgd(
        learningRate: learningRate, momentum: momentum, nesterov: nesterov,
        weightDecay: weightDecay))
  }
}
