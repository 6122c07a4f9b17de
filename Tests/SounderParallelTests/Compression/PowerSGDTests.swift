import SounderArray
import Testing

@testable import SounderParallel

@Suite struct PowerSGDTests {
  static func method(rank: Int) -> PowerSGD {
    var options = PowerSGD.Options()
    options.rank = rank
    return PowerSGD(options)
  }

  /// One step among hosts that are arrays here: the sum that all of them take, and what each keeps.
  static func step(
    _ method: inout PowerSGD, _ matrix: PowerSGD.Matrix, _ hosts: [[Float]], number: Int
  ) -> (sum: [Float], residuals: [[Float]]) {
    func total(_ parts: [[Float]]) -> [Float] {
      parts.dropFirst().reduce(parts[0]) { zip($0, $1).map(+) }
    }
    let projection = method.orthonormalized(
      matrix, total(hosts.map { method.project(matrix, $0[...]) }))
    let basis = total(hosts.map { method.projectBack(matrix, $0[...], projection) })
    let sum = method.expanded(matrix, projection, basis)
    method.keep(matrix, basis, step: number)
    let share = 1 / Float(hosts.count)
    return (sum, hosts.map { host in zip(host, sum).map { $0 - $1 * share } })
  }

  /// A random matrix of a rank.
  static func product(_ rows: Int, _ columns: Int, rank: Int, seed: UInt64) -> [Float] {
    let left = FloatCodeTests.normal(rows * rank, seed: seed)
    let right = FloatCodeTests.normal(columns * rank, seed: seed + 1000)
    return (0..<rows * columns).map { place in
      (0..<rank).reduce(0) {
        $0 + left[$1 * rows + place / columns] * right[$1 * columns + place % columns]
      }
    }
  }

  static func norm(_ values: [Float]) -> Double {
    values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
  }

  @Test("DP-20: a sum of the rank of the approximation is found exactly", arguments: 1...4)
  func exactRank(rank: Int) {
    let (rows, columns) = (40, 25)
    var method = Self.method(rank: rank)
    let matrix = PowerSGD.Matrix(parameter: 0, rows: rows, columns: columns)
    let whole = Self.product(rows, columns, rank: rank, seed: 1)
    let noise = FloatCodeTests.normal(rows * columns, seed: 2)
    // Hosts whose matrices have full rank, but not their sum.
    let hosts = [zip(whole, noise).map { $0 + $1 }, noise.map { -$0 }]
    let (sum, _) = Self.step(&method, matrix, hosts, number: 0)
    #expect(Self.norm(zip(sum, whole).map { $0 - $1 }) < 1e-4 * Self.norm(whole))
  }

  @Test("DP-20: with error feedback the sums of many steps miss less and less")
  func feedback() {
    let (rows, columns) = (30, 50)
    var method = Self.method(rank: 1)
    let matrix = PowerSGD.Matrix(parameter: 3, rows: rows, columns: columns)
    let gradients = (0..<3).map { FloatCodeTests.normal(rows * columns, seed: UInt64($0)) }
    let whole = (0..<rows * columns).map { place in gradients.reduce(0) { $0 + $1[place] } }
    var residuals = gradients.map { $0.map { _ in Float(0) } }
    var arrived = whole.map { _ in Float(0) }
    var errors: [Double] = []
    for number in 1...300 {
      let hosts = zip(gradients, residuals).map { zip($0, $1).map(+) }
      let (sum, left) = Self.step(&method, matrix, hosts, number: number)
      residuals = left
      arrived = zip(arrived, sum).map(+)
      let mean = arrived.map { $0 / Float(number) }
      errors.append(Self.norm(zip(mean, whole).map { $0 - $1 }) / Self.norm(whole))
    }
    #expect(errors[0] > 0.5)
    #expect(errors[299] < 0.12, "\(errors[299])")
  }

  @Test("DP-20: vectors are orthonormal, and one that depends on others is 0")
  func orthonormal() {
    let matrix = PowerSGD.Matrix(parameter: 0, rows: 100, columns: 100)
    let method = Self.method(rank: 3)
    var vectors = FloatCodeTests.normal(300, seed: 4)
    for index in 0..<100 { vectors[200 + index] = 2 * vectors[index] - 3 * vectors[100 + index] }
    let result = method.orthonormalized(matrix, vectors)
    func dot(_ left: Int, _ right: Int) -> Double {
      (0..<100).reduce(0) {
        $0 + Double(result[left * 100 + $1]) * Double(result[right * 100 + $1])
      }
    }
    #expect(abs(dot(0, 0) - 1) < 1e-6 && abs(dot(1, 1) - 1) < 1e-6 && abs(dot(0, 1)) < 1e-6)
    #expect(dot(2, 2) == 0)
  }

  @Test("DP-20: a gradient of zeros does not end the approximation of later ones")
  func zeros() {
    var method = Self.method(rank: 1)
    let matrix = PowerSGD.Matrix(parameter: 0, rows: 20, columns: 20)
    let nothing = [Float](repeating: 0, count: 400)
    _ = Self.step(&method, matrix, [nothing, nothing], number: 0)
    let whole = Self.product(20, 20, rank: 1, seed: 6)
    let (sum, _) = Self.step(&method, matrix, [whole, nothing], number: 1)
    #expect(Self.norm(zip(sum, whole).map { $0 - $1 }) < 1e-4 * Self.norm(whole))
  }

  @Test("DP-20: only matrices that become smaller are approximated")
  func choice() {
    let method = Self.method(rank: 4)
    #expect(method.matrix(0, [300]) == nil)
    #expect(method.matrix(0, []) == nil)
    #expect(method.matrix(0, [10, 3]) == nil)
    #expect(method.matrix(0, [12, 12]) == nil)
    #expect(method.matrix(1, [64, 100]) == PowerSGD.Matrix(parameter: 1, rows: 64, columns: 100))
    #expect(
      method.matrix(2, [64, 32, 3, 3]) == PowerSGD.Matrix(parameter: 2, rows: 64, columns: 288))
  }
}
