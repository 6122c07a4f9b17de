import SounderArray
import SounderAutograd
import Testing

@testable import SounderNN

@Suite("Networks and their layers")
struct NetworkTests {
  @Test("Parameters have the names and shapes of PyTorch's modules")
  func names() {
    func shapes(_ module: Module) -> [String] {
      (module.namedParameters + module.namedBuffers).map { "\($0.name) \($0.tensor.shape)" }
    }
    #expect(
      shapes(Conv2d(4, 6, kernelSize: [3, 2], groups: 2)) == ["weight [6, 2, 3, 2]", "bias [6]"])
    #expect(shapes(Conv1d(4, 6, kernelSize: 3, bias: false)) == ["weight [6, 4, 3]"])
    #expect(
      shapes(BatchNorm2d(3)) == [
        "weight [3]", "bias [3]", "running_mean [3]", "running_var [3]",
      ])
    #expect(
      shapes(MultiHeadAttention(4, heads: 2)) == [
        "in_proj_weight [12, 4]", "in_proj_bias [12]", "out_proj.weight [4, 4]",
        "out_proj.bias [4]",
      ])
  }

  @Test("Convolutions begin within one over the root of their inputs")
  func convolutionInitialisation() {
    let layer = Conv2d(4, 64, kernelSize: 5)
    let values = layer.weight.floats() + (layer.bias?.floats() ?? [])
    #expect(values.allSatisfy { abs($0) <= 0.1 })
    #expect(values.contains { abs($0) > 0.09 })
  }

  @Test("Layers give images the extents of PyTorch's formulas")
  func extents() {
    let image = Tensor.zeros([2, 4, 9, 7])
    #expect(Conv2d(4, 6, kernelSize: 3, stride: 2, padding: 1)(image).shape == [2, 6, 5, 4])
    #expect(MaxPool2d(2)(image).shape == [2, 4, 4, 3])
    #expect(AvgPool2d(3, stride: 1, padding: 1)(image).shape == [2, 4, 9, 7])
    #expect(AdaptiveAvgPool2d([2])(image).shape == [2, 4, 2, 2])
    #expect(Conv1d(4, 5, kernelSize: 3)(Tensor.zeros([2, 4, 8])).shape == [2, 5, 6])
    #expect(GroupNorm(2, 4)(image).shape == [2, 4, 9, 7])
    #expect(CNN([1, 28, 28], 10)(Tensor.zeros([2, 1, 28, 28])).shape == [2, 10])
    #expect(CNN([1, 28, 28], 10)(Tensor.zeros([2, 784])).shape == [2, 10])
  }

  @Test("Batch normalisation uses the batch in training and running statistics otherwise")
  func batchNorm() {
    let layer = BatchNorm1d(2, momentum: 0.5)
    let input = Tensor([1, 10, 3, 30] as [Float], shape: [2, 2])
    let output = layer(input).floats()
    for (found, expected) in zip(output, [-1, -1, 1, 1] as [Float]) {
      #expect(abs(found - expected) < 1e-4)
    }
    #expect(layer.runningMean.floats() == [1, 10])
    // The batch's unbiased variances are 2 and 200.
    #expect(layer.runningVariance.floats() == [1.5, 100.5])
    layer.eval()
    let judged = layer(Tensor([1, 10] as [Float], shape: [1, 2])).floats()
    #expect(judged.allSatisfy { abs($0) < 1e-5 })
    #expect(layer.runningMean.floats() == [1, 10])
  }

  @Test("One sample alone is normalised by the running statistics, which it leaves as they are")
  func batchNormAlone() {
    let layer = BatchNorm1d(2)
    #expect(layer(Tensor([3, -4] as [Float], shape: [1, 2])).floats().allSatisfy { $0.isFinite })
    #expect(layer.runningMean.floats() == [0, 0])
  }

  @Test("The root-mean-square norm divides by the root of the mean square")
  func rmsNorm() {
    let output = RMSNorm(2)(Tensor([3, 4] as [Float], shape: [1, 2])).floats()
    let root = Float(12.5).squareRoot()
    #expect(abs(output[0] - 3 / root) < 1e-5 && abs(output[1] - 4 / root) < 1e-5)
  }

  @Test("In a causal layer no element sees those after it")
  func causality() {
    let layer = TransformerBlock(8, heads: 2)
    var stream = RandomStream(seed: 1, stream: 0)
    let input = Tensor.randn([1, 5, 8], from: &stream)
    let changed = input.clone()
    Kernels.slice(changed.array, 1, 3, 5).fill(0)
    let (before, after) = (layer(input).floats(), layer(changed).floats())
    #expect(Array(before[..<24]) == Array(after[..<24]))
    #expect(before[24...] != after[24...])
  }

  @Test("A GPT shares its head with the embedding and begins small")
  func gpt() {
    let model = GPT(vocabulary: 65, length: 64, width: 128, depth: 4, heads: 4)
    #expect(model.parameterCount == 804_096)
    let tied = GPT(vocabulary: 11, length: 8, width: 16, depth: 2, heads: 2)
    tied.initialize(seed: 1)
    #expect(
      tied.namedParameters.map(\.name).prefix(4).elementsEqual([
        "wte.weight", "wpe.weight", "h.0.ln_1.weight", "h.0.attn.in_proj_weight",
      ]))
    let scores = tied(Tensor([1, 2, 3] as [Int], shape: [1, 3]))
    #expect(scores.shape == [1, 3, 11])
    #expect(scores.floats().allSatisfy { abs($0) < 2 })
  }

  @Test("A tied matrix gets the gradients of both its uses")
  func tiedGradient() throws {
    let model = GPT(vocabulary: 5, length: 4, width: 8, depth: 1, heads: 2)
    model.initialize(seed: 3)
    let tokens = Tensor([0, 1, 2, 3] as [Int], shape: [1, 4])
    func loss() -> Tensor {
      model(tokens).reshape([4, 5]).crossEntropy(Tensor([1, 2, 3, 4] as [Int]))
    }
    try loss().backward()
    let gradient = try #require(model.tokens.weight.grad).floats()
    let values = model.tokens.weight.array.pointer.assumingMemoryBound(to: Float.self)
    for index in [0, 9, 17, 39] {
      let kept = values[index]
      values[index] = kept + 1e-2
      let above = loss().item()
      values[index] = kept - 1e-2
      let below = loss().item()
      values[index] = kept
      #expect(abs(Float((above - below) / 2e-2) - gradient[index]) < 2e-3)
    }
  }
}
