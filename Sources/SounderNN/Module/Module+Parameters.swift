import SounderArray
import SounderAutograd

extension Module {
  /// The parameters of the module and of all modules in it, in the order of declaration.
  ///
  /// A parameter that occurs twice is listed once, under the first of its names.
  public final var namedParameters: [NamedTensor] { contents.parameters }

  /// The parameters, without their names.
  public final var parameters: [Tensor] { contents.parameters.map(\.tensor) }

  /// The tensors that belong to the module's state but are not trained.
  public final var namedBuffers: [NamedTensor] { contents.buffers }

  /// The number of elements of all parameters, frozen ones included.
  public final var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }

  /// Freezes all parameters, so that no gradient is computed for them, or thaws them again.
  public final func requiresGrad(_ on: Bool) {
    for parameter in parameters {
      do {
        try parameter.requiresGrad(on)
      } catch {
        require(false, "\(type(of: self)): \(error)")
      }
    }
  }

  /// Drops the accumulated gradients of all parameters.
  public final func zeroGrad() { parameters.dropGradients() }
}

extension Tensor {
  /// A leaf that requires a gradient, over a floating-point array.
  public static func parameter(_ array: NDArray) -> Tensor {
    let tensor = Tensor(array)
    do {
      return try tensor.requiresGrad()
    } catch {
      require(false, "parameter: \(error)")
      return tensor
    }
  }
}

extension [Tensor] {
  /// Removes the gradients of leaves.
  func dropGradients() {
    for tensor in self {
      do {
        try tensor.setGrad(nil)
      } catch {
        require(false, "zeroGrad: \(error)")
      }
    }
  }
}
