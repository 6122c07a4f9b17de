import SounderArray
import SounderAutograd
import Testing

@Suite("Subscripts of tensors")
struct SubscriptTests {
  private let x = Tensor(Kernels.reshape(Kernels.arange(.int(60), .float64), [3, 4, 5]))

  @Test("Numbers, ranges, an ellipsis and new axes make views")
  func views() {
    #expect(x[1].shape == [4, 5])
    #expect(x[-1, 2..., 1..<3].shape == [2, 2])
    #expect(x[.ellipsis, 0].shape == [3, 4])
    #expect(x[..<2, .ellipsis, .newAxis, 1...2].shape == [2, 4, 1, 2])
    #expect(x[.newAxis, .slice(step: 2)].shape == [1, 2, 4, 5])
    #expect(x[.slice(-2)].doubles() == Array(x.doubles()[20...]))
    #expect(x[1].array.storage === x.array.storage)
  }

  @Test("Lists, tensors and masks pick elements")
  func picks() {
    #expect(x[[0, 2]].shape == [2, 4, 5])
    #expect(x[[0, 2], 0..., [1, 1]].shape == [2, 4])
    #expect(x[0..., [0, 2], [1, 1]].shape == [3, 2])
    #expect(x[Tensor(scalar: 2, .int64)].shape == [4, 5])
    #expect(x[x.gt(57)].doubles() == [58, 59])
    #expect(x[Tensor(scalar: true, .bool)].shape == [1, 3, 4, 5])
  }

  @Test("Setting broadcasts, converts and writes in place")
  func setting() {
    let y = x.clone()
    y[0] = Tensor([7, 8, 9, 10, 11])
    #expect(y[0, 3].doubles() == [7, 8, 9, 10, 11])
    y[[1, 2], 0, 0] = Tensor([-1, -2] as [Float])
    #expect(y[1..., 0, 0].doubles() == [-1, -2])
    y[y.lt(0)] = Tensor(scalar: 100, .float64)
    #expect(y[1..., 0, 0].doubles() == [100, 100])
  }

  @Test("Gradients pass around what was set, and to the values")
  func gradientsOfSetting() throws {
    let leaf = try x.clone().requiresGrad()
    let value = try Tensor([1, 2] as [Double]).requiresGrad()
    let y = leaf * 2
    y[0, [0, 3], 1] = value
    try (y * y).sum().backward()
    #expect(value.grad?.doubles() == [2, 4])
    let gradient = try #require(leaf.grad)
    #expect(gradient[0, [0, 3], 1].doubles() == [0, 0])
    #expect(gradient[2, 0, 0].item() == 8 * 40)
  }

  @Test("A leaf that requires a gradient is not changed")
  func leaves() throws {
    let leaf = try x.clone().requiresGrad()
    #expect(throws: AutogradError.self) {
      try leaf.setItem([.index(0)], Tensor(scalar: 1, .float64))
    }
  }
}
