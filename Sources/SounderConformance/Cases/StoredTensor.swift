import SounderArray

/// A tensor of a case, as PyTorch computed it.
public struct StoredTensor: Sendable {
  /// The elements, contiguous.
  public let array: NDArray
  /// Whether gradients are asked for.
  public let requiresGrad: Bool

  /// A stored tensor.
  public init(_ array: NDArray, requiresGrad: Bool = false) {
    self.array = array
    self.requiresGrad = requiresGrad
  }
}
