import SounderAutograd

/// A convolutional network for images: 3 × 3 convolutions with ReLU, one max-pooling, a perceptron.
///
/// With the defaults, on 28 × 28 images: Conv 1→32, ReLU, Conv 32→64, ReLU, max-pool 2,
/// Linear 9216→128, ReLU, Linear 128→10, which is PyTorch's MNIST example without its dropout.
public final class CNN: Module {
  /// The layers, first to last.
  public let layers: [Module]
  private let image: [Int]

  /// A network for images of `[channels, height, width]` pixels.
  ///
  /// - Parameters:
  ///   - channels: The outputs of each convolution.
  ///   - hidden: The widths of the hidden layers of the perceptron.
  ///   - dropout: The probability with which values are dropped after pooling and hidden layers.
  public init(
    _ image: [Int], channels: [Int] = [32, 64], hidden: [Int] = [128], _ outputs: Int,
    activation: Activation = .relu, dropout: Double = 0
  ) {
    var layers: [Module] = []
    var shape = image
    for count in channels {
      layers += [Conv2d(shape[0], count, kernelSize: 3), activation.makeModule()]
      shape = [count, shape[1] - 2, shape[2] - 2]
    }
    layers.append(MaxPool2d(2))
    if dropout > 0 { layers.append(Dropout(dropout)) }
    layers.append(Flatten())
    var width = shape[0] * (shape[1] / 2) * (shape[2] / 2)
    for next in hidden {
      layers += [Linear(width, next), activation.makeModule()]
      if dropout > 0 { layers.append(Dropout(dropout)) }
      width = next
    }
    layers.append(Linear(width, outputs))
    self.layers = layers
    self.image = image
  }

  /// The outputs of the last layer, `[batch, channels, height, width]` → `[batch, outputs]`; images may
  /// also come flat, `[batch, pixels]`.
  public override func forward(_ input: Tensor) -> Tensor {
    let images = input.rank == 2 ? input.reshape([input.shape[0]] + image) : input
    return layers.reduce(images) { value, layer in layer(value) }
  }
}
