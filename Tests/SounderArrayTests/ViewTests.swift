import Testing

@testable import SounderArray

@Suite("Views and copies")
struct ViewTests {
  let x = Kernels.view(Kernels.arange(24), [2, 3, 4])

  @Test("Views share the storage")
  func sharing() {
    let views = [
      Kernels.transpose(x, 0, 2), Kernels.permute(x, [2, 0, 1]), Kernels.view(x, [6, -1]),
      Kernels.expand(Kernels.unsqueeze(x, 0), [5, -1, -1, -1]), Kernels.select(x, 1, -1),
      Kernels.slice(x, 2, 1, nil, 2), Kernels.narrow(x, 2, 1, 2), Kernels.diagonal(x, 1, 1, 2),
      Kernels.flatten(x, 1), Kernels.squeeze(Kernels.unsqueeze(x, 2), 2),
    ]
    for view in views { #expect(view.storage === x.storage) }
    #expect(Kernels.permute(x, [2, 0, 1]).toArray(as: Int.self).prefix(4) == [0, 4, 8, 12])
    #expect(Kernels.select(x, 1, -1).toArray(as: Int.self) == [8, 9, 10, 11, 20, 21, 22, 23])
    #expect(Kernels.diagonal(x, 1, 1, 2).toArray(as: Int.self) == [1, 6, 11, 13, 18, 23])
    #expect(Kernels.diagonal(x, -1, 1, 2).toArray(as: Int.self) == [4, 9, 16, 21])
  }

  @Test("reshape is a view exactly where the strides allow it")
  func reshape() {
    let transposed = Kernels.transpose(x, 0, 1)
    #expect(Kernels.reshape(transposed, [3, 2, 2, 2]).storage === x.storage)
    #expect(Kernels.reshape(transposed, [6, 4]).storage !== x.storage)
    #expect(
      Kernels.reshape(transposed, [6, 4]).toArray(as: Int.self) == transposed.toArray(as: Int.self))
    #expect(Kernels.reshape(transposed, [1, 3, 1, 2, 4, 1]).storage === x.storage)
    #expect([Int](Kernels.reshape(Kernels.zeros([0, 3]), [3, 0]).shape) == [3, 0])
    #expect([Int](Kernels.reshape(NDArray(scalar: 5), [1, 1]).shape) == [1, 1])
    let sliced = Kernels.slice(x, 0, 0, 1)
    #expect(Kernels.reshape(sliced, [12]).storage === x.storage)
  }

  @Test("Random views of random reshapes keep the elements' order")
  func randomReshapes() {
    var generator = ArrayGenerator(seed: 41)
    for _ in 0..<200 {
      let a = generator.make([2, 6, 4], .int64, Layout.allCases[generator.stream.next(below: 5)])
      let target = [[48], [12, 4], [2, 24], [4, 3, 4], [2, 2, 3, 2, 2], [1, 48, 1], [3, 16]][
        generator.stream.next(below: 7)]
      let b = Kernels.reshape(a, target)
      #expect([Int](b.shape) == target)
      #expect(b.toArray(as: Int.self) == a.toArray(as: Int.self))
    }
  }

  @Test("Slices clip as Python's do")
  func slices() {
    let line = Kernels.arange(10)
    func values(_ start: Int?, _ end: Int?, _ step: Int = 1) -> [Int] {
      Kernels.slice(line, 0, start, end, step).toArray(as: Int.self)
    }
    #expect(values(2, 5) == [2, 3, 4])
    #expect(values(-3, nil) == [7, 8, 9])
    #expect(values(nil, -8) == [0, 1])
    #expect(values(0, 100, 4) == [0, 4, 8])
    #expect(values(5, 2) == [])
  }

  @Test("cat and stack join, also empty and mixed arrays")
  func joining() {
    let a = NDArray([1, 2] as [Int], shape: [1, 2])
    let b = NDArray([3, 4, 5, 6] as [Float], shape: [2, 2])
    let joined = Kernels.cat([a, b, NDArray([Float]())], 0)
    #expect(joined.dtype == .float32)
    #expect(joined.toArray(as: Float.self) == [1, 2, 3, 4, 5, 6])
    #expect(Kernels.cat([Kernels.t(b), b], -1).toArray(as: Int.self) == [3, 5, 3, 4, 4, 6, 5, 6])
    #expect(Kernels.stack([a, a], 2).toArray(as: Int.self) == [1, 1, 2, 2])
  }

  @Test("Every pair of types converts", arguments: DType.allCases)
  func conversion(_ from: DType) {
    let source = NDArray([0, 1, 5, 1] as [Int]).cast(to: from)
    for to in DType.allCases {
      let expected: [Int] = from == .bool || to == .bool ? [0, 1, 1, 1] : [0, 1, 5, 1]
      #expect(source.cast(to: to).toArray(as: Int.self) == expected, "\(from) to \(to)")
    }
  }

  @Test("bfloat16 and float16 round to nearest even and keep NaN")
  func halfPrecision() {
    let x = NDArray([1.00390625, 1.01171875, .nan, .infinity, 65536] as [Float])
    let b = x.cast(to: .bfloat16).toArray(as: Float.self)
    #expect(b[0] == 1 && b[1] == 1.015625 && b[2].isNaN && b[3] == .infinity && b[4] == 65536)
    let h = x.cast(to: .float16).toArray(as: Float.self)
    #expect(h[0] == 1.00390625 && h[2].isNaN && h[4] == .infinity)
  }

  @Test("Factories")
  func factories() {
    #expect(Kernels.eye(2, 3).toArray(as: Int.self) == [1, 0, 0, 0, 1, 0])
    #expect(Kernels.arange(1, 2, 0.25).toArray(as: Double.self) == [1, 1.25, 1.5, 1.75])
    #expect(Kernels.arange(5, 0, -2).toArray(as: Int.self) == [5, 3, 1])
    #expect(Kernels.full([2], 3).dtype == .int64)
    #expect(
      Kernels.onesLike(Kernels.t(Kernels.zeros([2, 3]))).toArray(as: Int.self) == [
        1, 1, 1, 1, 1, 1,
      ])
    #expect("\(NDArray([1, 2, 3, 4] as [Int], shape: [2, 2]))" == "[[1, 2], [3, 4]] (int64 [2, 2])")
    #expect(NDArray(scalar: true).item() == true)
  }

  @Test("Types promote as PyTorch's do")
  func promotion() {
    func result(_ a: DType, _ b: DType) -> DType { a.promoted(with: b) }
    let order: [DType] = [.bool, .uint8, .int32, .int64, .float32, .float64, .complex128]
    for (i, a) in order.enumerated() {
      for (j, b) in order.enumerated() { #expect(result(a, b) == order[max(i, j)]) }
    }
    #expect(result(.float64, .complex64) == .complex128)
    #expect(result(.float32, .complex64) == .complex64)
    #expect(result(.float16, .bfloat16) == .float32)
    #expect(result(.int64, .float16) == .float16)
    let (int, float) = (NDArray([1, 2] as [Int]), NDArray([1, 2] as [Float]))
    let (zeroDouble, zeroInt) = (NDArray(scalar: 1.5, .float64), NDArray(scalar: 3, .int64))
    #expect(Kernels.add(float, zeroDouble).dtype == .float32)
    #expect(Kernels.add(int, zeroDouble).dtype == .float64)
    #expect(Kernels.add(int.cast(to: .int32), zeroInt).dtype == .int32)
    #expect(Kernels.add(zeroInt, zeroDouble).dtype == .float64)
    #expect(Kernels.mul(int, 1.5).dtype == .float32)
    #expect(Kernels.mul(float, 2).dtype == .float32)
    #expect(Kernels.mul(int.cast(to: .uint8), 2).dtype == .uint8)
    #expect(Kernels.mul(int.cast(to: .bool), 2).dtype == .int64)
    #expect(Kernels.mul(float.cast(to: .float64), .complex(0, 1)).dtype == .complex128)
    #expect(Kernels.mul(float, .complex(0, 1)).dtype == .complex64)
    #expect(Kernels.div(int, int).dtype == .float32)
    #expect(Kernels.exp(int).dtype == .float32)
    #expect(Kernels.sum(int.cast(to: .uint8)).dtype == .int64)
    #expect(Kernels.eq(int, 1).dtype == .bool)
  }

  @Test("A view that needs a copy is refused with both shapes")
  func impossibleView() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Kernels.view(Kernels.t(Kernels.zeros([2, 3])), [6])
    }
    let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(text.contains("view: shape [3, 2] with strides [1, 3] cannot be seen as [6]"))
  }
}
