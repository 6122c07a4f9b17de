import SounderArray
import Testing

@Suite struct PoolingTests {
  @Test("Maxima come with the index of the first of them; NaN is largest")
  func maxima() {
    let x = NDArray([1, 3, 3, .nan, 2, -1] as [Float], shape: [1, 1, 6])
    let (values, indices) = Kernels.maxPool2dWithIndices(x, [1, 2], nil, [0], [1], false)
    #expect(values.toArray(as: Float.self).map { $0.isNaN ? 9 : $0 } == [3, 9, 2])
    #expect(indices.toArray(as: Int.self) == [1, 3, 4])
  }

  @Test("The last window may hang over the end, but starts inside", arguments: [true, false])
  func ceilMode(_ ceilMode: Bool) {
    let x = Kernels.reshape(Kernels.arange(5, .float32), [1, 1, 5])
    let (values, _) = Kernels.maxPool2dWithIndices(x, [1, 2], [1, 2], [0], [1], ceilMode)
    #expect(values.toArray(as: Int.self) == (ceilMode ? [1, 3, 4] : [1, 3]))
  }

  @Test(
    "Windows of two by two with a stride of two agree with a search", arguments: [1, 5, 16, 33])
  func pairs(_ width: Int) {
    var stream = RandomStream(seed: 3, stream: 1)
    let x = Kernels.randn([2, 7, 2 * width + 1], &stream, .float32)
    let (values, indices) = Kernels.maxPool2dWithIndices(x, [2, 2], nil, [0], [1], false)
    let elements = x.toArray(as: Float.self)
    let (found, places) = (values.toArray(as: Float.self), indices.toArray(as: Int.self))
    let pitch = 2 * width + 1
    for plane in 0..<2 {
      for row in 0..<3 {
        for column in 0..<width {
          let at = (plane * 3 + row) * width + column
          let corner = 2 * row * pitch + 2 * column
          let window = [corner, corner + 1, corner + pitch, corner + pitch + 1]
          let best = window.max {
            elements[plane * 7 * pitch + $0] < elements[plane * 7 * pitch + $1]
          }
          #expect(places[at] == best)
          #expect(found[at] == elements[plane * 7 * pitch + places[at]])
        }
      }
    }
    let gradient = Kernels.randn(Array(values.shape), &stream, .float32)
    let back = Kernels.maxPool2dBackward(gradient, indices, Array(x.shape))
    #expect(Kernels.maxPool2dGather(back, indices).toArray(as: Float.self) == gradient.toArray())
  }

  @Test("Integers are averaged towards zero; padding counts if wanted")
  func means() {
    let x = NDArray([-1, -2, -4, -5], shape: [1, 2, 2])
    #expect(Kernels.avgPool2d(x, [2, 2], nil, [0], false, true, 3).toArray(as: Int.self) == [-4])
    let y = NDArray([4, 8] as [Float], shape: [1, 1, 2])
    func mean(_ counts: Bool) -> [Float] {
      Kernels.avgPool2d(y, [1, 2], [1, 2], [0, 1], false, counts).toArray()
    }
    #expect(mean(true) == [2, 4])
    #expect(mean(false) == [4, 8])
  }

  @Test("An index outside its plane is refused")
  func outside() async {
    await #expect(processExitsWith: .failure) {
      _ = Kernels.maxPool2dBackward(
        Kernels.zeros([1, 1, 1], .float32), NDArray([4], shape: [1, 1, 1]), [1, 2, 2])
    }
  }
}
