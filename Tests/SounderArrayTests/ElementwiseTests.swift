import Foundation
import Testing

@testable import SounderArray

@Suite("Element-wise kernels")
struct ElementwiseTests {
  struct Unary: Sendable, CustomTestStringConvertible {
    let name: String
    let range: ClosedRange<Double>
    let kernel: @Sendable (NDArray) -> NDArray
    let oracle: @Sendable (Double) -> Double
    var testDescription: String { name }

    init(
      _ name: String, in range: ClosedRange<Double> = -4...4,
      _ kernel: @escaping @Sendable (NDArray) -> NDArray,
      _ oracle: @escaping @Sendable (Double) -> Double
    ) {
      (self.name, self.range, self.kernel, self.oracle) = (name, range, kernel, oracle)
    }
  }

  static let unaryFunctions: [Unary] = [
    Unary("neg", { Kernels.neg($0) }, { -$0 }),
    Unary("abs", { Kernels.abs($0) }, { abs($0) }),
    Unary("sign", { Kernels.sign($0) }, { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }),
    Unary("square", { Kernels.square($0) }, { $0 * $0 }),
    Unary("reciprocal", in: 0.5...3, { Kernels.reciprocal($0) }, { 1 / $0 }),
    Unary("exp", { Kernels.exp($0) }, { exp($0) }),
    Unary("log", in: 0.01...50, { Kernels.log($0) }, { log($0) }),
    Unary("log1p", in: -0.9...5, { Kernels.log1p($0) }, { log1p($0) }),
    Unary("sqrt", in: 0...9, { Kernels.sqrt($0) }, { $0.squareRoot() }),
    Unary("rsqrt", in: 0.1...9, { Kernels.rsqrt($0) }, { 1 / $0.squareRoot() }),
    Unary("sin", { Kernels.sin($0) }, { sin($0) }),
    Unary("cos", { Kernels.cos($0) }, { cos($0) }),
    Unary("tanh", { Kernels.tanh($0) }, { tanh($0) }),
    Unary("sigmoid", { Kernels.sigmoid($0) }, { 1 / (1 + exp(-$0)) }),
    Unary("erf", { Kernels.erf($0) }, { erf($0) }),
    Unary("relu", { Kernels.relu($0) }, { max($0, 0) }),
    Unary("gelu", { Kernels.gelu($0) }, { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }),
    Unary(
      "gelu tanh", { Kernels.gelu($0, "tanh") },
      { 0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }),
    Unary("silu", { Kernels.silu($0) }, { $0 / (1 + exp(-$0)) }),
    Unary("clamp", { Kernels.clamp($0, -1, 1.5) }, { min(max($0, -1), 1.5) }),
    Unary("pow 3", { Kernels.pow($0, 3) }, { pow($0, 3) }),
    Unary("rsub", { Kernels.rsub($0, 2) }, { 2 - $0 }),
  ]

  @Test("A function of one operand agrees with its definition", arguments: unaryFunctions)
  func unary(_ function: Unary) {
    var generator = ArrayGenerator(seed: 11)
    for dtype in [DType.float32, .float64] {
      for shape in interestingShapes {
        for layout in Layout.allCases {
          let x = generator.make(
            shape, dtype, layout, low: function.range.lowerBound,
            high: function.range.upperBound)
          let expected = Oracle(x).map(function.oracle)
          #expect(
            agrees(function.kernel(x), expected, dtype == .float32 ? 2e-6 : 1e-12),
            "\(function.name) \(dtype) \(shape) \(layout)")
        }
      }
    }
  }

  struct Binary: Sendable, CustomTestStringConvertible {
    let name: String
    let kernel: @Sendable (NDArray, NDArray) -> NDArray
    let oracle: @Sendable (Double, Double) -> Double
    var testDescription: String { name }

    init(
      _ name: String, _ kernel: @escaping @Sendable (NDArray, NDArray) -> NDArray,
      _ oracle: @escaping @Sendable (Double, Double) -> Double
    ) { (self.name, self.kernel, self.oracle) = (name, kernel, oracle) }
  }

  static let binaryFunctions: [Binary] = [
    Binary("add", { Kernels.add($0, $1) }, { $0 + $1 }),
    Binary("add scaled", { Kernels.add($0, $1, 3) }, { $0 + 3 * $1 }),
    Binary("sub", { Kernels.sub($0, $1) }, { $0 - $1 }),
    Binary("sub scaled", { Kernels.sub($0, $1, 2) }, { $0 - 2 * $1 }),
    Binary("mul", { Kernels.mul($0, $1) }, { $0 * $1 }),
    Binary("maximum", { Kernels.maximum($0, $1) }, { max($0, $1) }),
    Binary("minimum", { Kernels.minimum($0, $1) }, { min($0, $1) }),
    Binary("eq", { Kernels.eq($0, $1) }, { $0 == $1 ? 1 : 0 }),
    Binary("ne", { Kernels.ne($0, $1) }, { $0 != $1 ? 1 : 0 }),
    Binary("lt", { Kernels.lt($0, $1) }, { $0 < $1 ? 1 : 0 }),
    Binary("le", { Kernels.le($0, $1) }, { $0 <= $1 ? 1 : 0 }),
    Binary("gt", { Kernels.gt($0, $1) }, { $0 > $1 ? 1 : 0 }),
    Binary("ge", { Kernels.ge($0, $1) }, { $0 >= $1 ? 1 : 0 }),
  ]

  @Test("A function of two operands agrees with its definition", arguments: binaryFunctions)
  func binary(_ function: Binary) {
    var generator = ArrayGenerator(seed: 12)
    for dtype in [DType.float32, .float64, .int64, .int32] {
      for shape in interestingShapes {
        for layout in Layout.allCases {
          let x = generator.make(shape, dtype, layout)
          let y = generator.make(shape, dtype, Layout.allCases[shape.count])
          #expect(
            agrees(function.kernel(x, y), Oracle(x).zip2(Oracle(y), function.oracle), 1e-6),
            "\(function.name) \(dtype) \(shape) \(layout)")
        }
      }
    }
  }

  @Test(
    "Operands broadcast from either side",
    arguments: [
      ([3, 4], [4]), ([3, 4], [3, 1]), ([4], [3, 4]), ([2, 1, 5], [3, 1]), ([], [2, 2]),
      ([2, 2], []), ([1], [0]), ([1, 1], [7]), ([5, 1, 1, 2], [3, 4, 1]),
    ])
  func broadcasting(_ a: [Int], _ b: [Int]) {
    var generator = ArrayGenerator(seed: 13)
    let (x, y) = (generator.make(a), generator.make(b))
    #expect(agrees(Kernels.mul(x, y), Oracle(x).zip2(Oracle(y), *)))
    #expect(agrees(Kernels.sub(x, y), Oracle(x).zip2(Oracle(y), -)))
  }

  @Test("A result lands in its destination, also a strided one or the operand itself")
  func destinations() {
    var generator = ArrayGenerator(seed: 14)
    for layout in [Layout.contiguous, .transposed, .sliced, .offset] {
      let x = generator.make([5, 5], .float32, layout)
      let y = generator.make([5, 5], .float32)
      let expected = Oracle(x).zip2(Oracle(y), +)
      let out = generator.make([5, 5], .float32, layout)
      #expect(Kernels.add(x, y, out: out).storage === out.storage)
      #expect(agrees(out, expected), "\(layout)")
      #expect(Kernels.add(x, y, out: x).storage === x.storage)
      #expect(agrees(x, expected), "\(layout) in place")
    }
    let square = generator.make([6, 6])
    let expected = Oracle(square).zip2(Oracle(Kernels.t(square)), +)
    _ = Kernels.add(square, Kernels.t(square), out: square)
    #expect(agrees(square, expected))
    let integers = NDArray([1, 2, 3] as [Int])
    let floats = NDArray([0, 0, 0] as [Float])
    #expect(Kernels.mul(integers, 2, out: floats).toArray(as: Float.self) == [2, 4, 6])
  }

  @Test("float32 functions are within a few units in the last place")
  func accuracy() {
    func worst(
      _ low: Float, _ high: Float, _ kernel: (NDArray) -> NDArray, _ exact: (Double) -> Double
    ) -> Double {
      let x = (0..<200_001).map { low + (high - low) * Float($0) / 200_000 }
      let y = kernel(NDArray(x)).toArray(as: Float.self)
      return zip(x, y).map { x, y in
        let truth = exact(Double(x))
        return abs(Double(y) - truth) / Double(Float(abs(truth)).ulp)
      }.max() ?? 0
    }
    let exponential = worst(-87, 88, { Kernels.exp($0) }, { exp($0) })
    let logarithm = worst(1e-6, 40, { Kernels.log($0) }, { log($0) })
    let tangent = worst(-9, 9, { Kernels.tanh($0) }, { tanh($0) })
    let error = worst(-4, 4, { Kernels.erf($0) }, { erf($0) })
    let logistic = worst(-80, 20, { Kernels.sigmoid($0) }, { 1 / (1 + exp(-$0)) })
    print(
      "ulp: exp \(exponential) log \(logarithm) tanh \(tangent) erf \(error) sigmoid \(logistic)")
    #expect(exponential < 2)
    #expect(logarithm < 2)
    #expect(tangent < 2.5)
    #expect(error < 2.5)
    #expect(logistic < 3)
  }

  @Test("Limits and NaN come out as IEEE 754 has them")
  func specialValues() {
    let x = NDArray([-.infinity, -200, 0, 200, .infinity, .nan] as [Float])
    func values(_ array: NDArray) -> [Float] { array.toArray(as: Float.self) }
    let e = values(Kernels.exp(x))
    #expect(e[0] == 0 && e[1] == 0 && e[2] == 1 && e[3] == .infinity && e[4] == .infinity)
    #expect(e[5].isNaN)
    let l = values(Kernels.log(x))
    #expect(l[0].isNaN && l[1].isNaN && l[2] == -.infinity && l[4] == .infinity && l[5].isNaN)
    let t = values(Kernels.tanh(x))
    #expect(t[0] == -1 && t[1] == -1 && t[2] == 0 && t[3] == 1 && t[4] == 1 && t[5].isNaN)
    let s = values(Kernels.sigmoid(x))
    #expect(s[0] == 0 && s[1] == 0 && s[2] == 0.5 && s[3] == 1 && s[4] == 1 && s[5].isNaN)
    let f = values(Kernels.erf(x))
    #expect(f[0] == -1 && f[1] == -1 && f[2] == 0 && f[3] == 1 && f[4] == 1 && f[5].isNaN)
    #expect(values(Kernels.relu(x))[5].isNaN)
    #expect(values(Kernels.clamp(x, 0, 1))[5].isNaN)
    let subnormal = NDArray([Float.leastNormalMagnitude / 64, -100])
    #expect(abs(values(Kernels.log(subnormal))[0] - log(Float.leastNormalMagnitude / 64)) < 1e-5)
    #expect(values(Kernels.exp(subnormal))[1] == exp(Float(-100)))
  }

  @Test("where and masked_fill choose by a mask that broadcasts")
  func selection() {
    var generator = ArrayGenerator(seed: 15)
    let x = generator.make([3, 4], .float64, .transposed)
    let mask = Kernels.gt(x, 0)
    #expect(agrees(Kernels.where(mask, x, NDArray(scalar: 0)), Oracle(x).map { $0 > 0 ? $0 : 0 }))
    #expect(agrees(Kernels.maskedFill(x, mask, 7), Oracle(x).map { $0 > 0 ? 7 : $0 }))
    #expect(agrees(Kernels.logicalNot(mask), Oracle(x).map { $0 > 0 ? 0 : 1 }))
  }

  @Test("Gradients of activations agree with difference quotients")
  func activationGradients() {
    let x = NDArray((0..<81).map { Double($0) / 10 - 4.03 })
    let ones = Kernels.onesLike(x)
    func slope(_ f: (NDArray) -> NDArray) -> Oracle {
      let h = 1e-5
      let difference = Kernels.sub(f(Kernels.add(x, .float(h))), f(Kernels.sub(x, .float(h))))
      return Oracle(Kernels.div(difference, .float(2 * h)))
    }
    for approximate in ["none", "tanh"] {
      #expect(
        agrees(
          Kernels.geluBackward(ones, x, approximate), slope { Kernels.gelu($0, approximate) }, 1e-8)
      )
      let single = Kernels.geluBackward(ones.cast(to: .float32), x.cast(to: .float32), approximate)
      #expect(agrees(single, slope { Kernels.gelu($0, approximate) }, 1e-5))
    }
    #expect(agrees(Kernels.tanhBackward(ones, Kernels.tanh(x)), slope { Kernels.tanh($0) }, 1e-8))
    #expect(
      agrees(Kernels.sigmoidBackward(ones, Kernels.sigmoid(x)), slope { Kernels.sigmoid($0) }, 1e-8)
    )
    #expect(agrees(Kernels.thresholdBackward(ones, x, 0), Oracle(x).map { $0 > 0 ? 1 : 0 }))
    #expect(agrees(Kernels.thresholdBackward(ones, x, 1.5), Oracle(x).map { $0 > 1.5 ? 1 : 0 }))
  }

  @Test("Complex numbers multiply, divide and have magnitudes")
  func complexNumbers() {
    for dtype in [DType.complex64, .complex128] {
      let z = NDArray(scalar: .complex(3, -4), dtype)
      let w = NDArray(scalar: .complex(1, 2), dtype)
      #expect(Kernels.mul(z, w).item() == .complex(11, 2))
      #expect(Kernels.div(Kernels.mul(z, w), w).item() == .complex(3, -4))
      #expect(Kernels.abs(z).item() == .float(5))
      #expect(Kernels.abs(z).dtype == dtype.realType)
      #expect(Kernels.add(z, 1).item() == .complex(4, -4))
    }
  }
}
