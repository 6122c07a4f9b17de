import Foundation
import Testing

@testable import SounderArray

@Suite("Rounded division")
struct DivisionTests {
  static let signedTypes: [DType] = [.int32, .int64]

  @Test("Integer quotients and remainders fit together for all signs", arguments: signedTypes)
  func signs(dtype: DType) {
    let values = [-7, -6, -1, 0, 1, 5, 7]
    let divisors = [-7, -3, -1, 1, 2, 7]
    for x in values {
      for y in divisors {
        let (a, b) = (NDArray([x]).cast(to: dtype), NDArray([y]).cast(to: dtype))
        func one(_ result: NDArray) -> Int { result.toArray(as: Int.self)[0] }
        #expect(one(Kernels.div(a, b, "trunc")) == x / y)
        #expect(one(Kernels.fmod(a, b)) == x % y)
        let floor = Int((Double(x) / Double(y)).rounded(.down))
        #expect(one(Kernels.floorDivide(a, b)) == floor)
        #expect(one(Kernels.remainder(a, b)) == x - floor * y)
      }
    }
  }

  @Test("The smallest integer divided by -1 wraps around")
  func overflow() {
    let smallest = NDArray([Int.min])
    let minusOne = NDArray([-1])
    #expect(Kernels.floorDivide(smallest, minusOne).toArray(as: Int.self) == [Int.min])
    #expect(Kernels.remainder(smallest, minusOne).toArray(as: Int.self) == [0])
  }

  @Test("Dividing an integer by zero ends the program with a message")
  func zero() async {
    await #expect(processExitsWith: .failure) {
      _ = Kernels.floorDivide(NDArray([1, 2]), NDArray([1, 0]))
    }
  }

  @Test("Quotients of infinities and zeros are those of PyTorch")
  func edges() {
    let x = NDArray([1, -1, Double.infinity, 1, -0.0, 1])
    let y = NDArray([Double.infinity, .infinity, 1, 0, 1, -.infinity])
    let quotients = Kernels.floorDivide(x, y).toArray(as: Double.self)
    #expect(quotients[0] == 0 && quotients[1] == -1 && quotients[2].isNaN)
    #expect(quotients[3] == .infinity && quotients[4].sign == .minus && quotients[5] == -1)
    let rests = Kernels.remainder(x, y).toArray(as: Double.self)
    #expect(rests[0] == 1 && rests[1] == .infinity && rests[2].isNaN && rests[3].isNaN)
  }
}
