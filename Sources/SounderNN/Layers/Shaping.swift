import SounderAutograd

/// Returns its input.
public final class Identity: Module {
  /// The input in its new shape.
  public override func forward(_ input: Tensor) -> Tensor { input }
}

/// Merges all dimensions after the first into one: `[batch, …]` becomes `[batch, features]`.
public final class Flatten: Module {
  /// The input in its new shape.
  public override func forward(_ input: Tensor) -> Tensor { input.flatten(startDim: 1) }
}
