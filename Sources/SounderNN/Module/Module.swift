import SounderArray
import SounderAutograd

/// A part of a model: parameters, buffers, further modules, and a function of them.
///
/// A subclass keeps its parts in stored properties and overrides ``forward(_:)``. Tensors that require
/// a gradient are parameters, other tensors are buffers; both, and modules, are found in properties,
/// optionals and arrays in the order of declaration, under names like `layers.0.weight`. They are
/// looked up once, at first use, so the parts must not be exchanged after that.
///
/// ```swift
/// final class Classifier: Module {
///   let hidden = Linear(784, 128)
///   let output = Linear(128, 10)
///
///   override func forward(_ input: Tensor) -> Tensor { output(hidden(input).relu()) }
/// }
///
/// let model = Classifier()
/// model.initialize(seed: 42)
/// let loss = crossEntropy(model(images), labels)
/// ```
open class Module {
  /// Whether the module is in training mode; ``Dropout`` acts only then.
  public final internal(set) var isTraining = true

  /// What ``contents`` found; nil until its first use.
  final var cachedContents: ModuleContents?
  /// Whether an outer module has looked its contents up, and numbered the random layers in this one.
  final var isPart = false

  /// A module without parts.
  public init() {}

  /// The module's function of one tensor.
  ///
  /// Modules with other inputs declare their own `callAsFunction`.
  open func forward(_ input: Tensor) -> Tensor {
    require(false, "\(type(of: self)): forward(_:) is not implemented")
    return input
  }

  /// Applies the module.
  public final func callAsFunction(_ input: Tensor) -> Tensor {
    // The outermost module numbers the random layers in it before any of them draws.
    if cachedContents == nil { _ = contents }
    return forward(input)
  }

  /// The name that state dictionaries have for one of the module's own properties; the property's
  /// own name by default.
  open func stateName(of property: String) -> String { property }

  /// Writes the initial values of one of the module's own parameters or buffers.
  ///
  /// The default leaves them as they are. `name` is the property's in state dictionaries, with the index
  /// for an array (`weight`, `tables.0`).
  open func initialize(_ name: String, _ values: NDArray, from stream: inout RandomStream) {}
}

extension Module {
  /// Draws all parameters anew; they depend on the seed and their place in the module alone.
  ///
  /// The parameter with index i in ``namedParameters`` draws from the stream (seed, i).
  public final func initialize(seed: UInt64) {
    var index: UInt64 = 0
    walk { module, _, parts in
      for part in parts where !part.isBuffer {
        var stream = RandomStream(seed: seed, stream: index)
        module.initialize(part.name, part.tensor.array, from: &stream)
        part.tensor.incrementVersion()
        index += 1
      }
    }
  }

  /// Puts the module and all modules in it into training mode or out of it.
  public final func train(_ on: Bool = true) {
    walk { module, _, _ in module.isTraining = on }
  }

  /// Leaves training mode.
  public final func eval() { train(false) }
}
