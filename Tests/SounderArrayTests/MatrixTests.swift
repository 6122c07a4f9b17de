import Testing

@testable import SounderArray

@Suite("Matrix products")
struct MatrixTests {
  static let sizes = [
    (1, 1, 1), (3, 4, 5), (17, 33, 9), (64, 1, 10), (1, 50, 1), (0, 3, 2), (3, 0, 2), (2, 3, 0),
  ]

  @Test("Products of all arrangements agree with their definition", arguments: sizes)
  func product(_ m: Int, _ k: Int, _ n: Int) {
    var generator = ArrayGenerator(seed: 31)
    for dtype in [DType.float32, .float64, .int64] {
      for left in Layout.allCases {
        for right in Layout.allCases {
          let a = generator.make([m, k], dtype, left)
          let b = generator.make([k, n], dtype, right)
          #expect(
            agrees(Kernels.mm(a, b), Oracle(a).matmul(Oracle(b)), 2e-5), "\(dtype) \(left) \(right)"
          )
        }
      }
    }
  }

  @Test("Complex products agree with sums of real ones", arguments: [DType.complex64, .complex128])
  func complexProduct(_ dtype: DType) {
    var generator = ArrayGenerator(seed: 32)
    let i = NDArray(scalar: .complex(0, 1), dtype)
    let (a, b) = (generator.make([3, 4], .float64), generator.make([3, 4], .float64))
    let (c, d) = (generator.make([4, 2], .float64), generator.make([4, 2], .float64))
    let x = Kernels.add(a.cast(to: dtype), Kernels.mul(i, b.cast(to: dtype)))
    let y = Kernels.add(c.cast(to: dtype), Kernels.mul(i, d.cast(to: dtype)))
    let z = Kernels.mm(x, y)
    let real = Kernels.sub(Kernels.mm(a, c), Kernels.mm(b, d))
    #expect(agrees(z.cast(to: .float64), Oracle(real)))
    let transposed = Kernels.mm(Kernels.t(y), Kernels.t(x))
    #expect(agrees(Kernels.t(transposed).cast(to: .float64), Oracle(real)))
  }

  @Test("A product lands in its destination", arguments: Layout.allCases)
  func destination(_ layout: Layout) {
    if layout == .broadcast { return }
    var generator = ArrayGenerator(seed: 33)
    let (a, b) = (generator.make([6, 4]), generator.make([4, 6]))
    let out = generator.make([6, 6], .float32, layout)
    #expect(Kernels.mm(a, b, out: out).storage === out.storage)
    #expect(agrees(out, Oracle(a).matmul(Oracle(b))))
    _ = Kernels.mm(out, out, out: out)
    let square = Oracle(a).matmul(Oracle(b))
    #expect(agrees(out, square.matmul(square), 1e-4))
  }

  @Test(
    "linear is x Wᵀ + b over the last dimension", arguments: [[5, 7], [7], [2, 3, 7], [0, 7]])
  func linear(_ shape: [Int]) {
    var generator = ArrayGenerator(seed: 34)
    for layout in Layout.allCases {
      let x = generator.make(shape, .float32, layout)
      let (w, b) = (generator.make([4, 7]), generator.make([4]))
      let rows = Kernels.reshape(x, [shape.dropLast().reduce(1, *), 7])
      let product = Oracle(rows).matmul(Oracle(Kernels.t(w)))
      var expected = product.zip2(Oracle(b), +)
      expected.shape = shape.dropLast() + [4]
      #expect(agrees(Kernels.linear(x, w, b), expected))
      let out = NDArray(uninitialized: Shape(expected.shape), .float32)
      #expect(Kernels.linear(x, w, b, out: out).storage === out.storage)
      #expect(agrees(out, expected))
      expected.values = product.values
      #expect(agrees(Kernels.linear(x, w, nil), expected))
    }
  }

  @Test("matmul follows PyTorch's rules for each rank")
  func matmul() {
    var generator = ArrayGenerator(seed: 35)
    let shapes: [([Int], [Int], [Int])] = [
      ([3], [3], []), ([3], [3, 4], [4]), ([2, 3], [3], [2]), ([2, 3], [3, 4], [2, 4]),
      ([5, 2, 3], [3, 4], [5, 2, 4]), ([5, 2, 3], [5, 3, 4], [5, 2, 4]),
      ([2, 3], [5, 3, 4], [5, 2, 4]), ([6, 1, 2, 3], [5, 3, 4], [6, 5, 2, 4]),
      ([5, 2, 3], [3], [5, 2]), ([3], [5, 3, 4], [5, 4]),
    ]
    for (a, b, expected) in shapes {
      let (x, y) = (generator.make(a), generator.make(b))
      #expect([Int](Kernels.matmul(x, y).shape) == expected, "\(a) × \(b)")
    }
    let (x, y) = (generator.make([4, 2, 3]), generator.make([4, 3, 5], .float32, .transposed))
    let product = Kernels.bmm(x, y)
    for batch in 0..<4 {
      let expected = Oracle(Kernels.select(x, 0, batch)).matmul(Oracle(Kernels.select(y, 0, batch)))
      #expect(agrees(Kernels.select(product, 0, batch), expected))
    }
  }

  @Test("BLAS uses one thread and names its kernels")
  func settings() {
    #expect(BLAS.threadCount == 1)
    #expect(!BLAS.kernelName.isEmpty)
  }

  @Test("A product of matrices that do not fit names both shapes")
  func mismatch() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Kernels.mm(Kernels.zeros([32, 784]), Kernels.zeros([512, 10]))
    }
    let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(text.contains("mm: inner dimensions differ ([32, 784] × [512, 10])"))
  }

  @Test("Shapes that do not broadcast are named")
  func broadcastMismatch() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Kernels.mul(Kernels.zeros([2, 3]), Kernels.zeros([4]))
    }
    let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(text.contains("mul: shapes [2, 3] and [4] do not broadcast"))
  }

  @Test("A target outside the classes is named")
  func badTarget() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Kernels.crossEntropyForward(Kernels.zeros([2, 3]), NDArray([0, 3] as [Int]))
    }
    let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(text.contains("cross_entropy: target 3 of sample 1 is not one of 3 classes"))
  }
}
