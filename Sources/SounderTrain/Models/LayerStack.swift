import SounderArray
import SounderAutograd
import SounderNN

/// The layers of a configuration, one after the other.
final class LayerStack: Module {
  let layers: [Module]
  private let inputShape: [Int]

  init(_ layers: [Module], inputShape: [Int]) {
    self.layers = layers
    self.inputShape = inputShape
  }

  override func forward(_ input: Tensor) -> Tensor {
    // Batches come with flat samples; images get their channels, height and width back.
    let shaped = inputShape.count == 1 ? input : input.reshape([input.shape[0]] + inputShape)
    return layers.reduce(shaped) { value, layer in layer(value) }
  }
}

/// Adds a learned vector for each position, `[batch, length, width]` to the same shape.
final class PositionEmbedding: Module {
  let weight: Tensor

  init(_ length: Int, _ width: Int) {
    weight = .parameter(NDArray(uninitialized: [length, width], .float32))
    var stream = RandomStream(seed: 0, stream: 0)
    super.init()
    initialize("weight", weight.array, from: &stream)
  }

  override func forward(_ input: Tensor) -> Tensor {
    require(
      input.rank == 3 && input.shape[1] <= weight.shape[0] && input.shape[2] == weight.shape[1],
      "position_embedding: input \(input.shape) for a table of \(weight.shape)")
    return input + weight.slice(dim: 0, start: 0, end: input.shape[1])
  }

  override func initialize(_ name: String, _ values: NDArray, from stream: inout RandomStream) {
    Initializer.normal(mean: 0, deviation: 0.02).fill(values, from: &stream)
  }
}

/// The layers of a configuration with the shapes between them, before any parameter exists.
public struct LayerStackPlan: Sendable {
  /// A layer with the shape it gives.
  public struct Step: Sendable {
    /// The layer as the configuration has it.
    public let specification: LayerSpecification
    /// The plan of the layer.
    public let plan: LayerPlan
  }

  /// The shape of a sample.
  public let input: LayerShape
  /// The layers in order.
  public let steps: [Step]

  /// Follows the shape of a sample through all layers.
  ///
  /// - Parameter output: The shape that the data want.
  /// - Throws: ``ConfigurationError`` at the first layer that does not fit.
  public init(
    _ layers: [LayerSpecification], input: LayerShape, output: [Int]
  ) throws(ConfigurationError) {
    self.input = input
    var shape = input
    var steps: [Step] = []
    for (index, layer) in layers.enumerated() {
      func fail(_ message: String) -> ConfigurationError {
        .at(layer.location, "model.layers, layer \(index + 1) (\(layer.kind)): \(message)")
      }
      guard let kind = LayerRegistry.kind(layer.kind) else {
        throw fail("there is no such layer")
      }
      let arguments = LayerArguments(kind, layer, dataOutputs: output.last ?? 1)
      do throws(LayerError) {
        let plan = try kind.plan(arguments, shape)
        steps.append(Step(specification: layer, plan: plan))
        shape = plan.output
      } catch { throw fail(error.description) }
    }
    self.steps = steps
    guard shape == LayerShape(output) else {
      throw .at(
        layers.last?.location,
        "model.layers: the last layer (\(layers.last?.kind ?? "none")) gives \(shape), "
          + "the data need \(output)")
    }
  }

  /// The model.
  func makeModel() -> Module {
    LayerStack(steps.map { $0.plan.make() }, inputShape: input.extents)
  }
}

extension ConfigurationError {
  /// A mistake found when configuration and data meet.
  static func at(_ location: ConfigurationDiagnostic.Location?, _ message: String) -> Self {
    let place =
      location
      ?? ConfigurationDiagnostic.Location(
        source: "configuration", line: 1, column: 1, excerpt: "", order: 0)
    return .invalid([ConfigurationDiagnostic(location: place, message: message)])
  }
}
