import SounderArray
import SounderAutograd

/// Normalisation over groups of channels to mean 0 and variance 1, then scale and shift of each channel.
///
/// See Wu and He (2018). Input and output `[batch, channels, …]`; nothing depends on the other samples.
public final class GroupNorm: Module {
  /// The scale of each channel, which begins at 1; nil without learned scale and shift.
  public let weight: Tensor?
  /// The shift of each channel, which begins at 0; nil without learned scale and shift.
  public let bias: Tensor?
  /// The number of groups.
  public let groups: Int
  /// What is added to the variance.
  public let epsilon: Double

  /// A normalisation of `channels` channels in `groups` groups.
  public init(
    _ groups: Int, _ channels: Int, epsilon: Double = 1e-5, affine: Bool = true,
    dtype: DType = .float32
  ) {
    require(
      groups > 0 && channels % groups == 0,
      "GroupNorm: \(channels) channels cannot be split into \(groups) groups")
    self.groups = groups
    self.epsilon = epsilon
    weight = affine ? .parameter(Kernels.ones([channels], dtype)) : nil
    bias = affine ? .parameter(Kernels.zeros([channels], dtype)) : nil
  }

  /// The normalised, scaled and shifted input, of the same shape.
  public override func forward(_ input: Tensor) -> Tensor {
    let shape = Array(input.shape)
    require(
      shape.count >= 2 && shape[1] % groups == 0 && (weight.map { $0.count == shape[1] } ?? true),
      "GroupNorm: input \(input.shape) for \(groups) groups of \(weight?.count ?? 0) channels")
    return input.groupNorm(groups, weight: weight, bias: bias, eps: epsilon)
  }

  /// Writes the initial values of a parameter.
  public override func initialize(
    _ name: String, _ values: NDArray, from stream: inout RandomStream
  ) {
    Initializer.constant(name == "weight" ? 1 : 0).fill(values, from: &stream)
  }
}
