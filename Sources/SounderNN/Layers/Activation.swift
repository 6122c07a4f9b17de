import SounderAutograd

/// The functions that models put between their layers.
public enum Activation: String, Sendable, Hashable, CaseIterable {
  case relu, gelu, tanh, sigmoid

  /// A new module that applies the function.
  public func makeModule() -> Module {
    switch self {
    case .relu: ReLU()
    case .gelu: GELU()
    case .tanh: Tanh()
    case .sigmoid: Sigmoid()
    }
  }
}

/// The larger of the element and zero.
public final class ReLU: Module {
  /// Applies the function to every element.
  public override func forward(_ input: Tensor) -> Tensor { input.relu() }
}

/// The Gaussian error linear unit x·Φ(x) (Hendrycks and Gimpel, 2016).
public final class GELU: Module {
  /// Whether Φ is approximated through tanh, as the first Transformers did.
  public let approximate: Bool

  /// The exact function, or its approximation.
  public init(approximate: Bool = false) { self.approximate = approximate }

  /// Applies the function to every element.
  public override func forward(_ input: Tensor) -> Tensor {
    input.gelu(approximate: approximate ? "tanh" : "none")
  }
}

/// The hyperbolic tangent.
public final class Tanh: Module {
  /// Applies the function to every element.
  public override func forward(_ input: Tensor) -> Tensor { input.tanh() }
}

/// The logistic function 1 / (1 + e⁻ˣ).
public final class Sigmoid: Module {
  /// Applies the function to every element.
  public override func forward(_ input: Tensor) -> Tensor { input.sigmoid() }
}
