import SounderArray
import SounderAutograd
import SounderComm

@testable import SounderParallel

/// A random program over ranks: local operators, transfers and collectives on a pool of tensors a rank.
///
/// Every rank makes the same choices from the seed and does its own part; one process does all parts.
struct RandomDistributedGraph {
  let seed: UInt64
  var length = 40

  private enum Step {
    case combine(rank: Int, a: Int, b: Int)
    case transfer(from: Int, to: Int, index: Int, into: Int)
    case collective(CollectiveCase, index: Int)
  }

  private struct Plan {
    var steps: [Step] = []
    /// Of each rank: the place in the pool of its root; nil for none.
    var roots: [Int?] = []
  }

  private static let poolSize = 4

  /// Whether gradients are missing or differ, on this rank.
  func error(_ engine: DistEngine, _ mode: DistEngine.Mode) throws -> Double {
    let size = engine.mailroom.size
    let plan = self.plan(ranks: size)
    let expected = try reference(plan, ranks: size)
    let rank = engine.mailroom.rank
    return try engine.context { context in
      let leaves = try self.leaves(of: rank, size)
      var pool = leaves
      for step in plan.steps {
        switch step {
        case .combine(rank, let a, let b): pool[a] = combine(pool[a], pool[b])
        case .combine: break
        case .transfer(let from, let to, let index, let into):
          if from == rank { try context.send(pool[index], to: to) }
          if to == rank { pool[into] = pool[into] + (try context.receive(from: from)) }
        case .collective(let collective, let index):
          pool[index] = fold(try collective(context, pool[index]), pool[index].shape)
        }
      }
      let roots = plan.roots[rank].map { [pool[$0].sum()] } ?? []
      try engine.backward(context, roots: roots, mode: mode)
      return leaves.indices.map { difference(context.gradients[leaves[$0]], expected[rank][$0]) }
        .max() ?? 0
    }
  }

  private func reference(_ plan: Plan, ranks: Int) throws -> [[Tensor?]] {
    let leaves = try (0..<ranks).map { try self.leaves(of: $0, ranks) }
    var pools = leaves
    for step in plan.steps {
      switch step {
      case .combine(let rank, let a, let b):
        pools[rank][a] = combine(pools[rank][a], pools[rank][b])
      case .transfer(let from, let to, let index, let into):
        pools[to][into] = pools[to][into] + pools[from][index]
      case .collective(let collective, let index):
        let operands = pools.map { $0[index] }
        for rank in 0..<ranks {
          pools[rank][index] = fold(
            collective.reference(operands, rank: rank), operands[rank].shape)
        }
      }
    }
    var roots: [Tensor] = []
    for (rank, index) in plan.roots.enumerated() {
      if let index { roots.append(pools[rank][index].sum()) }
    }
    let found = try gradients(
      of: roots, withRespectTo: leaves.flatMap { $0 }, allowUnused: true)
    let width = RandomDistributedGraph.poolSize
    return (0..<ranks).map { rank -> [Tensor?] in
      let start = rank * width
      return Array(found[start..<start + width])
    }
  }

  private func plan(ranks: Int) -> Plan {
    var generator = SplitMix(state: seed)
    var plan = Plan()
    let place = { (generator: inout SplitMix) in
      Int.random(in: 0..<RandomDistributedGraph.poolSize, using: &generator)
    }
    for _ in 0..<length {
      let rank = Int.random(in: 0..<ranks, using: &generator)
      switch Int.random(in: 0..<10, using: &generator) {
      case 0..<5:
        plan.steps.append(.combine(rank: rank, a: place(&generator), b: place(&generator)))
      case 5..<9:
        plan.steps.append(
          .transfer(
            from: rank, to: Int.random(in: 0..<ranks, using: &generator), index: place(&generator),
            into: place(&generator)))
      default:
        let all = CollectiveCase.allCases
        plan.steps.append(
          .collective(
            all[Int.random(in: 0..<all.count, using: &generator)], index: place(&generator)))
      }
    }
    plan.roots = (0..<ranks).map { _ in
      Bool.random(using: &generator) ? place(&generator) : nil
    }
    plan.roots[Int.random(in: 0..<ranks, using: &generator)] = place(&generator)
    return plan
  }

  private func leaves(of rank: Int, _ ranks: Int) throws -> [Tensor] {
    try (0..<RandomDistributedGraph.poolSize).map {
      try parameter([ranks, 2], seed: seed, rank * 100 + $0)
    }
  }

  private func combine(_ a: Tensor, _ b: Tensor) -> Tensor { (a * b).tanh() + b * 0.5 }

  /// Any result in the shape of the pool.
  private func fold(_ tensor: Tensor, _ shape: Shape) -> Tensor {
    tensor.shape == shape ? tensor : (tensor.tanh().sum() + Tensor.zeros(shape, dtype: .float64))
  }
}

/// A small generator of choices, by Steele and others (2014).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }
}
