import SounderArray
import SounderAutograd

/// A convolution over sequences, `[batch, in, length]` → `[batch, out, length']`.
///
/// Initial values and extents are as for ``Conv2d``.
public final class Conv1d: Module {
  /// The kernels, `[out, in / groups, length]`.
  public let weight: Tensor
  /// What is added to each output channel, `[out]`.
  public let bias: Tensor?
  /// The distance between neighbouring windows.
  public let stride: Int
  /// The zeros before and after the sequence.
  public let padding: Int
  /// The distance between elements of a window.
  public let dilation: Int
  /// The number of independent parts of the channels.
  public let groups: Int

  /// A convolution with windows of `kernelSize` elements.
  public init(
    _ inputs: Int, _ outputs: Int, kernelSize: Int, stride: Int = 1, padding: Int = 0,
    dilation: Int = 1, groups: Int = 1, bias: Bool = true, dtype: DType = .float32
  ) {
    requireGroups("Conv1d", inputs, outputs, groups)
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
    weight = .parameter(NDArray(uninitialized: [outputs, inputs / groups, kernelSize], dtype))
    self.bias = bias ? .parameter(NDArray(uninitialized: [outputs], dtype)) : nil
    super.init()
    initializeNew([("weight", weight), ("bias", self.bias)])
  }

  /// The convolved sequences.
  public override func forward(_ input: Tensor) -> Tensor {
    input.conv1d(
      weight, bias: bias, stride: [stride], padding: [padding], dilation: [dilation],
      groups: groups)
  }

  /// Draws the initial values of a parameter.
  public override func initialize(
    _ name: String, _ values: NDArray, from stream: inout RandomStream
  ) {
    initializeConvolution(name, values, weight.shape, from: &stream)
  }
}
