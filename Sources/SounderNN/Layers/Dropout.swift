import SounderArray
import SounderAutograd

/// Zeros elements at random in training and scales the others to keep the mean.
///
/// See Srivastava et al. (2014). What is drawn depends on the seed, the step and the shard of the
/// `RandomContext` in force and on the number of the layer in its model, not on the process or thread
/// that draws: 1, 2 and 4 ranks drop the same elements. A layer applied twice in a step draws the same
/// twice; use two layers.
public final class Dropout: Module {
  /// The probability of being zeroed.
  public let probability: Double
  /// Which random layer of the model this is, in the order of declaration.
  public internal(set) final var layer: UInt64 = 0

  /// A layer that zeros elements with the given probability, at least 0 and below 1.
  public init(_ probability: Double = 0.5) {
    require(
      probability >= 0 && probability < 1,
      "Dropout: the probability is \(probability) but must be at least 0 and below 1")
    self.probability = probability
  }

  /// Drops elements in training; the input itself otherwise.
  public override func forward(_ input: Tensor) -> Tensor {
    guard isTraining, probability > 0 else { return input }
    return input.nativeDropout(probability, RandomContext.stream(for: layer)).0
  }
}
