import Testing

@testable import SounderArray

@Suite("Kernels")
struct SmokeTests {
  @Test("Basic kernels give the expected values")
  func basics() {
    let a = NDArray([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
    let b = NDArray([10, 20, 30] as [Float])
    #expect(Kernels.add(a, b).toArray(as: Float.self) == [11, 22, 33, 14, 25, 36])
    #expect(Kernels.mul(Kernels.t(a), 2).toArray(as: Float.self) == [2, 8, 4, 10, 6, 12])
    #expect(Kernels.mm(a, Kernels.t(a)).toArray(as: Float.self) == [14, 32, 32, 77])
    #expect(
      Kernels.mm(Kernels.t(a), a).toArray(as: Float.self) == [17, 22, 27, 22, 29, 36, 27, 36, 45])
    #expect(Kernels.sum(a, [0]).toArray(as: Float.self) == [5, 7, 9])
    #expect(Kernels.sum(a, [1]).toArray(as: Float.self) == [6, 15])
    #expect(Kernels.sum(a).item() == .float(21))
    #expect(
      Kernels.linear(b, a, NDArray([1, 2] as [Float])).toArray(as: Float.self) == [141, 322])
    #expect(Kernels.reshape(Kernels.t(a), [6]).toArray(as: Float.self) == [1, 4, 2, 5, 3, 6])
    #expect(Kernels.argmax(a, 1).toArray(as: Int.self) == [2, 2])
    let p = Kernels.softmax(a, 0).toArray(as: Float.self)
    #expect(abs(p[0] - 0.04742587) < 1e-6)
  }
}
