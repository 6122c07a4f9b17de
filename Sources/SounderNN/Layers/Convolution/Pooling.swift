import SounderAutograd

/// A layer that makes one number of each window of an image, `[batch, channels, height, width]`.
public class WindowPool2d: Module {
  /// The extents of a window.
  public let kernelSize: [Int]
  /// The distance between neighbouring windows.
  public let stride: [Int]
  /// How far windows reach over the image's border.
  public let padding: [Int]

  /// Windows of the given extents, side by side unless a stride is given.
  public init(_ kernelSize: [Int], stride: [Int]? = nil, padding: [Int] = [0]) {
    self.kernelSize = pair(kernelSize)
    self.stride = pair(stride ?? kernelSize)
    self.padding = pair(padding)
  }

  /// Square windows.
  public convenience init(_ kernelSize: Int, stride: Int? = nil, padding: Int = 0) {
    self.init([kernelSize], stride: stride.map { [$0] }, padding: [padding])
  }
}

/// The largest element of each window of an image, `[batch, channels, height, width]`.
public final class MaxPool2d: WindowPool2d {
  /// The maxima of the windows.
  public override func forward(_ input: Tensor) -> Tensor {
    input.maxPool2d(kernelSize, stride: stride, padding: padding)
  }
}

/// The mean of each window of an image, `[batch, channels, height, width]`; zeros of the padding count.
public final class AvgPool2d: WindowPool2d {
  /// The means of the windows.
  public override func forward(_ input: Tensor) -> Tensor {
    input.avgPool2d(kernelSize, stride: stride, padding: padding)
  }
}

/// Means over windows chosen so that the result has given extents, whatever the image's.
public final class AdaptiveAvgPool2d: Module {
  /// The extents of the result.
  public let outputSize: [Int]

  /// A result of the given height and width; one number stands for both.
  public init(_ outputSize: [Int]) { self.outputSize = pair(outputSize) }

  /// The means of the windows.
  public override func forward(_ input: Tensor) -> Tensor { input.adaptiveAvgPool2d(outputSize) }
}
