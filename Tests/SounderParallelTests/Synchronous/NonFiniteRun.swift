import SounderArray
import SounderAutograd
import SounderComm
import SounderNN

@testable import SounderParallel

/// A few steps of which one goes wrong on one rank, or leaves a rank's copy of the model wrong.
struct NonFiniteRun: Sendable, CustomStringConvertible {
  /// What goes wrong in step 3.
  enum Fault: Sendable, CaseIterable {
    /// The gradient of `hidden.weight` is not a number although the loss is one.
    case gradient
    /// The loss is infinite.
    case loss
    /// A bit of `hidden.weight` changes after the step.
    case bit
    /// Nothing.
    case none
  }

  var fault: Fault
  var update = DataParallel.Update.sharded
  var policy = NonFinitePolicy.abort
  var clipNorm: Double?
  var shards: Int?
  var checkEvery = 0
  var steps = 6

  var description: String { "\(fault), \(update), \(policy), clip \(clipNorm ?? 0)" }

  final class Net: Module {
    let hidden = Linear(4, 70)
    let norm = BatchNorm1d(70)
    let last = Linear(70, 1)
    override func forward(_ input: Tensor) -> Tensor { last(norm(hidden(input)).tanh()) }
  }

  /// What a rank has in the end.
  struct Result: Sendable, Equatable {
    /// Parameters and buffers after every step.
    var states: [[UInt32]] = []
    var reasons: [String?] = []
    var error: String?
  }

  /// Trains on a group; the fault happens on rank `victim`.
  func callAsFunction(_ group: any ProcessGroup, victim: Int) throws -> Result {
    let model = Net()
    model.initialize(seed: 4)
    var options = DataParallel.Options()
    options.update = update
    options.virtualShards = shards
    options.onNaN = policy
    options.clipNorm = clipNorm
    options.checkEvery = checkEvery
    options.bucketBytes = 512
    let parallel = try DataParallel(
      model: model, optimizer: OptimizerConfiguration(kind: .adam, learningRate: 0.01),
      group: group, options: options)
    var result = Result()
    do {
      for step in 1...steps {
        let isFaulty = step == 3 && group.rank == victim
        var stream = RandomStream(seed: 2, stream: UInt64(step))
        let x = Tensor.randn([16, 4], from: &stream)
        let outcome = try parallel.step(learningRate: 0.01, sampleCount: 16) { shard in
          let range = parallel.plan.samples(of: shard, in: 16)
          let loss = model(x.narrow(0, range.lowerBound, range.count)).mean()
          guard isFaulty else { return loss }
          switch fault {
          case .gradient:
            let weight = model.hidden.weight
            return loss + (weight - weight).abs().sqrt().sum()
          case .loss: return loss * Double.infinity
          case .bit, .none: return loss
          }
        }
        if step == 3 && fault == .bit {
          // Where ranks share the memory nobody may read it meanwhile.
          try group.barrier()
          if group.rank == victim {
            let bits = model.hidden.weight.array.pointer.assumingMemoryBound(to: UInt32.self)
            // A high bit of the mantissa: the next updates may round the lowest one away.
            bits[5] ^= 1 << 20
          }
          try group.barrier()
        }
        result.reasons.append(outcome.skipReason)
        result.states.append(
          (model.namedParameters + model.namedBuffers).flatMap {
            $0.tensor.floats().map(\.bitPattern)
          })
      }
    } catch { result.error = "\(error)" }
    return result
  }
}
