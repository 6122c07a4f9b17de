import SounderArray

/// Where an operator writes the gradient of a leaf when its contribution is the only one.
public struct GradientDestination {
  /// The memory, of the leaf's shape.
  public let array: NDArray
  /// Who takes the factors of a product instead, to form it later.
  let products: RowProducts?
}
