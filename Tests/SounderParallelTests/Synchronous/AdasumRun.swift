import Foundation
import SounderArray
import SounderAutograd
import SounderComm
import SounderNN

@testable import SounderParallel

/// A step whose gradients are given: the loss of a rank is the product of its parameters with fixed vectors.
struct AdasumRun: Sendable, CustomStringConvertible {
  /// Two parameters of float32, of which one spans several pieces and slices, and one of float64.
  final class Net: Module {
    let wide = Tensor.parameter(Kernels.zeros([37, 131], .float32))
    let short = Tensor.parameter(Kernels.zeros([3], .float32))
    let double = Tensor.parameter(Kernels.zeros([1200], .float64))
    let unused = Tensor.parameter(Kernels.zeros([5], .float32))
  }

  var update = DataParallel.Update.sharded
  var bucketBytes = 4096
  var accumulate = 1
  var clipNorm: Double?
  /// The rank whose gradient of `wide` is no number in the second of two steps.
  var victim: Int?
  /// The gradient of each parameter on a rank; random if nil.
  var gradient: (@Sendable (_ rank: Int, _ parameter: Int, _ count: Int) -> [Double])?

  var description: String { "\(update), buckets \(bucketBytes), accumulate \(accumulate)" }

  /// The values of all parameters, one after the other.
  struct Result: Sendable, Equatable {
    var values: [Double]
    var norm: Double?
    var isSkipped: Bool
  }

  /// A vector that a rank's gradient of a parameter is made of in one of its shards.
  func vector(rank: Int, shard: Int, parameter: Int, count: Int) -> [Double] {
    if let gradient { return gradient(rank, parameter, count) }
    var stream = RandomStream(seed: UInt64(7 + parameter), stream: UInt64(rank * 10 + shard))
    // A part that all ranks have in common, so that products are not all small.
    var common = RandomStream(seed: 99, stream: UInt64(parameter))
    let own = Tensor.randn([count], from: &stream).floats()
    let shared = Tensor.randn([count], from: &common).floats()
    return zip(own, shared).map { Double($0 + $1 * Float(parameter)) }
  }

  /// Steps by plain descent with rate 1 from zero: afterwards parameters are minus the joined gradient.
  func callAsFunction(_ group: any ProcessGroup) throws -> Result {
    let model = Net()
    require(model.parameters.count == 4, "Net has four parameters")
    var options = DataParallel.Options()
    options.reduction = .adasum
    options.update = update
    options.bucketBytes = bucketBytes
    options.accumulate = accumulate
    options.clipNorm = clipNorm
    if victim != nil { options.onNaN = .skip }
    let parallel = try DataParallel(
      model: model, optimizer: .sgd(learningRate: 1), group: group, options: options)
    // One sample more than shards, so that shards have different weights.
    let count = group.size * accumulate + 1
    func step(isBad: Bool) throws -> DataParallel.Outcome {
      try parallel.step(learningRate: 1, sampleCount: count) { shard in
        var loss = Tensor(scalar: .float(0), .float64)
        for (index, parameter) in [model.wide, model.short, model.double].enumerated() {
          let x = vector(
            rank: group.rank, shard: shard, parameter: index, count: parameter.count)
          let product =
            parameter.reshape([parameter.count]) * Tensor(x).toDtype(parameter.dtype)
          loss = loss + product.sum().toDtype(.float64)
        }
        guard isBad else { return loss }
        return loss + (model.wide - model.wide).abs().sqrt().sum().toDtype(.float64)
      }
    }
    var outcome = try step(isBad: false)
    if let victim { outcome = try step(isBad: group.rank == victim) }
    return Result(
      values: model.parameters.flatMap {
        $0.array.cast(to: .float64).toArray(as: Double.self)
      }, norm: outcome.gradientNorm, isSkipped: outcome.isSkipped)
  }

  /// The joined gradient by the formula, in double precision and nothing in parts.
  func reference(ranks: Int) -> [Double] {
    [37 * 131, 3, 1200].enumerated().flatMap { parameter, count in
      let plan = (0..<ranks).map { rank -> [Double] in
        let shards = rank * accumulate..<(rank + 1) * accumulate
        let total = ranks * accumulate + 1
        let shares = shards.map { shard in
          Double((shard + 1) * total / (ranks * accumulate) - shard * total / (ranks * accumulate))
        }
        var mean = [Double](repeating: 0, count: count)
        for (shard, share) in zip(shards, shares) {
          let values = vector(rank: rank, shard: shard, parameter: parameter, count: count)
          for index in mean.indices { mean[index] += values[index] * share }
        }
        return mean.map { $0 / shares.reduce(0, +) }
      }
      return Self.join(plan, 0..<ranks)
    } + [Double](repeating: 0, count: 5)
  }

  private static func join(_ gradients: [[Double]], _ node: Range<Int>) -> [Double] {
    if node.count == 1 { return gradients[node.lowerBound] }
    var width = 1
    while width * 2 < node.count { width *= 2 }
    let a = join(gradients, node.lowerBound..<node.lowerBound + width)
    let b = join(gradients, node.lowerBound + width..<node.upperBound)
    func product(_ x: [Double], _ y: [Double]) -> Double {
      zip(x, y).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let (aa, bb, ab) = (product(a, a), product(b, b), product(a, b))
    let (p, q) = (aa > 0 ? 1 - ab / (2 * aa) : 1, bb > 0 ? 1 - ab / (2 * bb) : 1)
    return zip(a, b).map { p * $0 + q * $1 }
  }
}
