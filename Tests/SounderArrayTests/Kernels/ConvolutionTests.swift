import SounderArray
import Testing

/// A convolution's operands, described.
struct ConvolutionCase: Sendable, CustomTestStringConvertible {
  var image: Shape
  var weight: Shape
  var stride = [1, 1]
  var padding = [0, 0]
  var dilation = [1, 1]
  var groups = 1

  var testDescription: String {
    "\(image) * \(weight) stride \(stride) padding \(padding) dilation \(dilation) groups \(groups)"
  }

  /// Cases for the direct loops, then for Winograd's.
  static let all = [
    ConvolutionCase(image: [2, 1, 28, 28], weight: [6, 1, 5, 5], padding: [2, 2]),
    ConvolutionCase(image: [2, 6, 14, 14], weight: [16, 6, 5, 5]),
    ConvolutionCase(
      image: [1, 3, 33, 30], weight: [9, 3, 7, 7], stride: [2, 2], padding: [3, 3]),
    ConvolutionCase(image: [3, 4, 9, 11], weight: [6, 2, 3, 2], stride: [1, 3], groups: 2),
    ConvolutionCase(image: [1, 5, 12, 10], weight: [33, 5, 2, 3], dilation: [3, 2]),
    ConvolutionCase(image: [2, 2, 1, 40], weight: [3, 2, 1, 4], padding: [0, 5]),
    ConvolutionCase(image: [2, 18, 6, 6], weight: [20, 18, 1, 1]),
    ConvolutionCase(image: [2, 16, 8, 8], weight: [16, 16, 3, 3]),
    ConvolutionCase(image: [2, 17, 13, 9], weight: [40, 17, 3, 3], padding: [1, 1]),
    ConvolutionCase(image: [1, 32, 26, 26], weight: [64, 32, 3, 3]),
    ConvolutionCase(image: [1, 36, 10, 52], weight: [32, 18, 3, 3], padding: [3, 1], groups: 2),
  ]
}

@Suite struct ConvolutionTests {
  private func random(_ shape: Shape, _ stream: UInt64) -> NDArray {
    var stream = RandomStream(seed: 11, stream: stream)
    return Kernels.randn(Array(shape), &stream, .float64)
  }

  /// The largest difference, relative to the largest element.
  private func difference(_ a: NDArray, _ b: NDArray) -> Double {
    let (x, y) = (a.toArray(as: Double.self), b.toArray(as: Double.self))
    let scale = y.map(abs).max() ?? 1
    return (zip(x, y).map { abs($0 - $1) }.max() ?? 0) / max(scale, 1e-30)
  }

  @Test("Fast loops agree with products with columns", arguments: ConvolutionCase.all)
  func agreement(_ sample: ConvolutionCase) {
    let (image, weight) = (random(sample.image, 1), random(sample.weight, 2))
    let bias = random([sample.weight[0]], 3)
    func forward(_ dtype: DType) -> NDArray {
      Kernels.convolution(
        image.cast(to: dtype), weight.cast(to: dtype), bias.cast(to: dtype), sample.stride,
        sample.padding, sample.dilation, false, [0], sample.groups)
    }
    let expected = forward(.float64)
    #expect(difference(forward(.float32), expected) < 2e-6)
    let gradient = random(expected.shape, 4)
    func imageGradient(_ dtype: DType) -> NDArray {
      Kernels.convolutionImageGradient(
        gradient.cast(to: dtype), weight.cast(to: dtype), Array(sample.image), sample.stride,
        sample.padding, sample.dilation, sample.groups)
    }
    #expect(difference(imageGradient(.float32), imageGradient(.float64)) < 2e-6)
    func weightGradient(_ dtype: DType) -> NDArray {
      Kernels.convolutionWeightGradient(
        gradient.cast(to: dtype), image.cast(to: dtype), Array(sample.weight), sample.stride,
        sample.padding, sample.dilation, sample.groups)
    }
    #expect(difference(weightGradient(.float32), weightGradient(.float64)) < 2e-6)
  }

  @Test(
    "A sample's result has the same bits in every batch",
    arguments: [ConvolutionCase.all[1], ConvolutionCase.all[8]])
  func batches(_ sample: ConvolutionCase) {
    let image = random(sample.image, 1).cast(to: .float32)
    let weight = random(sample.weight, 2).cast(to: .float32)
    func forward(_ image: NDArray) -> [Float] {
      Kernels.convolution(
        image, weight, nil, sample.stride, sample.padding, sample.dilation, false, [0],
        sample.groups
      ).toArray()
    }
    let second = Kernels.slice(image, 0, 1, 2, 1)
    let together = forward(image)
    #expect(Array(together.suffix(together.count / 2)) == forward(second))
  }

  @Test("Channels last and other strides are read rightly")
  func strides() {
    let image = Kernels.permute(random([2, 7, 6, 3], 1), [0, 3, 1, 2]).cast(to: .float32)
    let weight = Kernels.transpose(random([3, 4, 2, 2], 2), 0, 1).cast(to: .float32)
    func forward(_ x: NDArray, _ w: NDArray) -> [Float] {
      Kernels.convolution(x, w, nil, [1, 1], [1, 1], [1, 1], false, [0], 1).toArray()
    }
    #expect(forward(image, weight) == forward(image.copied(), weight.copied()))
  }

  @Test("Folding is the adjoint of unfolding")
  func folding() {
    let image = random([2, 3, 5, 6], 1)
    let columns = Kernels.unfoldColumns(image, [2, 3], [2, 1], [1, 0], [1, 2])
    let other = random(columns.shape, 2)
    let folded = Kernels.foldColumns(other, [5, 6], [2, 3], [2, 1], [1, 0], [1, 2])
    let a = Kernels.sum(Kernels.mul(columns, other)).item().doubleValue
    let b = Kernels.sum(Kernels.mul(image, folded)).item().doubleValue
    #expect(abs(a - b) < 1e-10)
  }

  @Test("A kernel larger than the padded image is refused")
  func tooLarge() async {
    await #expect(processExitsWith: .failure) {
      let image = Kernels.zeros([1, 1, 2, 2], .float32)
      _ = Kernels.convolution(
        image, Kernels.zeros([1, 1, 3, 3], .float32), nil, [1], [0], [1], false, [0], 1)
    }
  }
}
