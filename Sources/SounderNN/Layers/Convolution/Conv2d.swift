import SounderArray
import SounderAutograd

/// A convolution over images, `[batch, in, height, width]` → `[batch, out, height', width']`.
///
/// Each extent becomes ⌊(extent + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1. Weight and
/// bias are drawn uniformly from ±1/√(inputs of one output), PyTorch's default.
public final class Conv2d: Module {
  /// The kernels, `[out, in / groups, height, width]`.
  public let weight: Tensor
  /// What is added to each output channel, `[out]`.
  public let bias: Tensor?
  /// The distance between neighbouring windows.
  public let stride: [Int]
  /// The zeros around the image.
  public let padding: [Int]
  /// The distance between elements of a window.
  public let dilation: [Int]
  /// The number of independent parts of the channels.
  public let groups: Int

  /// A convolution; the lists hold height and width, one number stands for both.
  public init(
    _ inputs: Int, _ outputs: Int, kernelSize: [Int], stride: [Int] = [1], padding: [Int] = [0],
    dilation: [Int] = [1], groups: Int = 1, bias: Bool = true, dtype: DType = .float32
  ) {
    requireGroups("Conv2d", inputs, outputs, groups)
    let window = pair(kernelSize)
    self.stride = pair(stride)
    self.padding = pair(padding)
    self.dilation = pair(dilation)
    self.groups = groups
    weight = .parameter(
      NDArray(uninitialized: [outputs, inputs / groups, window[0], window[1]], dtype))
    self.bias = bias ? .parameter(NDArray(uninitialized: [outputs], dtype)) : nil
    super.init()
    initializeNew([("weight", weight), ("bias", self.bias)])
  }

  /// A convolution with a square window.
  public convenience init(
    _ inputs: Int, _ outputs: Int, kernelSize: Int, stride: Int = 1, padding: Int = 0,
    bias: Bool = true
  ) {
    self.init(
      inputs, outputs, kernelSize: [kernelSize], stride: [stride], padding: [padding], bias: bias)
  }

  /// The convolved images.
  public override func forward(_ input: Tensor) -> Tensor {
    input.conv2d(
      weight, bias: bias, stride: stride, padding: padding, dilation: dilation, groups: groups)
  }

  /// Draws the initial values of a parameter.
  public override func initialize(
    _ name: String, _ values: NDArray, from stream: inout RandomStream
  ) {
    initializeConvolution(name, values, weight.shape, from: &stream)
  }
}

/// Height and width from a list of one or two numbers.
func pair(_ values: [Int]) -> [Int] { values.count == 1 ? [values[0], values[0]] : values }

func requireGroups(_ layer: String, _ inputs: Int, _ outputs: Int, _ groups: Int) {
  require(
    groups > 0 && inputs % groups == 0 && outputs % groups == 0,
    "\(layer): \(inputs) input and \(outputs) output channels cannot be split into \(groups) groups"
  )
}

/// Uniform in ±1/√(fan-in) for weight and bias alike.
func initializeConvolution(
  _ name: String, _ values: NDArray, _ shape: Shape, from stream: inout RandomStream
) {
  if name == "weight" {
    Initializer.kaimingUniform(slope: 5.0.squareRoot()).fill(values, from: &stream)
  } else {
    let bound = 1 / Double(max(shape.dropFirst().reduce(1, *), 1)).squareRoot()
    Initializer.uniform(low: -bound, high: bound).fill(values, from: &stream)
  }
}
