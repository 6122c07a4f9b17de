import Foundation
import SounderArray
import SounderAutograd
import SounderComm
import Testing

@testable import SounderParallel

@Suite("Backward passes across ranks")
struct DistEngineTests {
  static let worlds = [(1, 1), (2, 1), (3, 1), (4, 2)]

  @Test(
    "DA-02 A collective's gradients are those of one process",
    arguments: CollectiveCase.allCases, worlds)
  func collectives(collective: CollectiveCase, world: (ranks: Int, hosts: Int)) throws {
    for mode in DistEngine.Mode.allCases {
      let errors = try ThreadGroup.run(ranks: world.ranks, hosts: world.hosts) { group in
        let engine = try DistEngine(group: group)
        // The longer one is reduced slice by slice.
        return try [3, 1100].map { try collective.error(engine, mode, width: $0) }
      }
      #expect(errors.joined().allSatisfy { $0 < 1e-12 }, "\(mode): \(errors)")
    }
  }

  @Test("DA-01 A context without a pass is left rank by rank and fails nobody")
  func inference() throws {
    try ThreadGroup.run(ranks: 4) { group in
      let engine = try DistEngine(group: group)
      for round in 0..<50 {
        let value = try engine.context { context in
          var x = numbers([5000], seed: 1, group.rank + round)
          for _ in 0..<3 { x = try context.allReduce(x, .mean) }
          return x.doubles()[0]
        }
        guard value.isFinite else { throw Leak() }
      }
      try group.barrier()
      guard engine.liveContexts == 0 else { throw Leak() }
    }
  }

  @Test("DA-19 A context's allReduce has the bits of the group's", arguments: worlds)
  func bits(world: (ranks: Int, hosts: Int)) throws {
    let isSame = try ThreadGroup.run(ranks: world.ranks, hosts: world.hosts) { group in
      let engine = try DistEngine(group: group)
      return try [7, 30_001].map { count in
        let x = numbers([count], seed: 9, group.rank).toDtype(.float32)
        let sum = try engine.context { try $0.allReduce(x).floats().map(\.bitPattern) }
        var values = x.floats()
        try values.withUnsafeMutableBytes { try group.allReduce($0, .float32, .sum) }
        return sum == values.map(\.bitPattern)
      }
    }
    #expect(isSame.allSatisfy { $0 == [true, true] })
  }

  @Test(
    "DA-02 DA-03 DA-04 Random programs over ranks have the gradients of one process",
    arguments: 0..<24)
  func randomPrograms(seed: Int) throws {
    let ranks = 1 + seed % 4
    let errors = try ThreadGroup.run(ranks: ranks, timeout: .seconds(60)) { group in
      let engine = try DistEngine(group: group)
      return try DistEngine.Mode.allCases.map { mode in
        try RandomDistributedGraph(seed: UInt64(seed)).error(engine, mode)
      }
    }
    #expect(errors.joined().allSatisfy { $0 < 1e-10 }, "seed \(seed): \(errors)")
  }

  @Test(
    "DA-02 DA-03 DA-04 A pipeline with micro-batches trains like one process",
    arguments: [1, 2, 3],
    DistEngine.Mode.allCases)
  func pipeline(ranks: Int, mode: DistEngine.Mode) throws {
    let errors = try ThreadGroup.run(ranks: ranks) { try PipelineRun(mode: mode).error($0) }
    #expect(errors.allSatisfy { $0 < 1e-6 }, "\(errors)")
  }

  @Test(
    "DA-02 A column- and a row-parallel layer train like one process", arguments: [1, 2, 4],
    DistEngine.Mode.allCases)
  func tensorParallel(ranks: Int, mode: DistEngine.Mode) throws {
    let errors = try ThreadGroup.run(ranks: ranks) { try TensorParallelRun(mode: mode).error($0) }
    #expect(errors.allSatisfy { $0 < 1e-6 }, "\(errors)")
  }

  @Test("DA-01 Contexts are numbered by owner alike on all ranks, and none stays")
  func identifiers() throws {
    let ids = try ThreadGroup.run(ranks: 3) { group in
      let engine = try DistEngine(group: group)
      let ids = try [0, 2, 0, 2, 2].map { owner in
        try engine.context(owner: owner) { context in
          #expect(engine.liveContexts == 1)
          return context.id
        }
      }
      guard engine.liveContexts == 0, engine.pendingMessages == 0 else { throw Leak() }
      return ids.map { [UInt64($0.rank), $0.counter, $0.rawValue] }
    }
    let two = UInt64(2) << 48
    #expect(ids.allSatisfy { $0 == ids[0] })
    #expect(ids[0] == [[0, 0, 0], [2, 0, two], [0, 1, 1], [2, 1, two + 1], [2, 2, two + 2]])
  }

  struct Leak: Error {}

  @Test("DA-01 A closed context is freed with its nodes, though results of it are kept")
  func lifetime() throws {
    try ThreadGroup.run(ranks: 2) { group in
      let engine = try DistEngine(group: group)
      weak var context: AutogradContext?
      weak var node: Node?
      try engine.context { open in
        context = open
        if group.rank == 0 {
          try open.send(try parameter([2], seed: 1), to: 1)
          node = open.nodes.first
          try engine.backward(open, roots: [])
        } else {
          try engine.backward(open, roots: [try open.receive(from: 0).sum()])
        }
      }
      guard context == nil, node == nil else { throw Leak() }
    }
  }

  @Test("DA-05 Contexts at once keep their own gradients of a shared leaf, and grad is untouched")
  func contexts() throws {
    let errors = try ThreadGroup.run(ranks: 2) { group in
      let engine = try DistEngine(group: group)
      let weight = try parameter([3], seed: 3, group.rank)
      return try engine.context(owner: 0) { outer in
        let first = try outer.allReduce(weight * 2)
        let inner = try engine.context(owner: 1) { inner in
          let second = try inner.allReduce(weight * 5)
          try engine.backward(inner, roots: [second.sum()])
          return inner.gradients
        }
        try engine.backward(outer, roots: [first.sum()])
        guard weight.grad == nil else { return Double.infinity }
        return max(
          difference(outer.gradients[weight], .full([3], 4, dtype: .float64)),
          difference(inner[weight], .full([3], 10, dtype: .float64)))
      }
    }
    #expect(errors == [0, 0])
  }

  @Test("DA-01 DA-05 Threads of a rank run passes of their own contexts at the same time")
  func threads() throws {
    let errors = try ThreadGroup.run(ranks: 2) { group in
      let engine = try DistEngine(group: group)
      let results = onThreads(2) { owner in
        try (0..<10).map { round in
          try engine.context(owner: owner) { context in
            let x = try parameter([4], seed: UInt64(round), owner)
            let y = try context.allReduce(x * Double(owner + 1))
            try context.send(y, to: 1 - context.rank)
            let z = try context.receive(from: 1 - context.rank)
            try engine.backward(context, roots: [z.sum()], mode: round % 2 == 0 ? .fast : .smart)
            let expected = Double(2 * (owner + 1))
            return difference(context.gradients[x], .full([4], .float(expected), dtype: .float64))
          }
        }.max() ?? 0
      }
      return try results.map { try $0.get() } + [Double(engine.liveContexts)]
    }
    #expect(errors.joined().allSatisfy { $0 == 0 }, "\(errors)")
  }

  @Test("DA-05 Gradients are added to leaves at success, several times")
  func leaves() throws {
    let gradients = try ThreadGroup.run(ranks: 2) { group in
      let engine = try DistEngine(group: group)
      let weight = try parameter([2], seed: 4)
      for _ in 0..<3 {
        try engine.context { context in
          let y = try context.allReduce(weight * 3)
          try engine.backward(context, roots: [y.sum()], into: .leaves)
          #expect(context.gradients.count == 0)
        }
      }
      return weight.grad?.doubles() ?? []
    }
    #expect(gradients == [[18, 18], [18, 18]])
  }

  @Test("DA-04 SMART mode leaves out sends that no root reaches; FAST mode takes them as unpaired")
  func smart() throws {
    for mode in DistEngine.Mode.allCases {
      let kinds = try ThreadGroup.run(ranks: 3) { group -> DistributedAutogradError.Kind? in
        var options = DistEngine.Options()
        options.timeout = .seconds(20)
        let engine = try DistEngine(group: group, options: options)
        let x = try parameter([2], seed: 5, group.rank)
        do {
          try engine.context { context in
            // 0 → 1 → 2 is used; 0 → 2 is received but not used; 2 → 0 is never received.
            switch group.rank {
            case 0:
              try context.send(x * 2, to: 1)
              try context.send(x * 7, to: 2)
              try engine.backward(context, roots: [], mode: mode)
              let factor = try parameter([2], seed: 5, 1).detach()
              #expect(difference(context.gradients[x], factor * 2) == 0)
            case 1:
              try context.send(try context.receive(from: 0) * x, to: 2)
              try engine.backward(context, roots: [], mode: mode)
            default:
              let used = try context.receive(from: 1)
              _ = try context.receive(from: 0)
              try context.send(x * 3, to: 0)
              try engine.backward(context, roots: [used.sum()], mode: mode)
              #expect(context.gradients[x] == nil)
            }
          }
          return nil
        } catch let error as DistributedAutogradError { return error.kind }
      }
      #expect(kinds == Array(repeating: mode == .smart ? nil : .neverSent, count: 3), "\(mode)")
    }
  }

  @Test(
    "DA-03 DA-04 A branch that is received and not used ends, in both modes",
    arguments: DistEngine.Mode.allCases)
  func unusedBranch(mode: DistEngine.Mode) throws {
    try ThreadGroup.run(ranks: 2, timeout: .seconds(20)) { group in
      let engine = try DistEngine(group: group)
      try engine.context { context in
        let x = try parameter([2], seed: 6, 0)
        let y = try parameter([2], seed: 6, 1)
        if group.rank == 0 {
          try context.send(x * 2, to: 1)
          try context.send(y * 2, to: 1)
          try engine.backward(context, roots: [], mode: mode)
          #expect(context.gradients[x] != nil && context.gradients[y] == nil)
        } else {
          let used = try context.receive(from: 0)
          _ = noGrad { used * 2 }
          _ = try noGrad { try context.receive(from: 0) }
          try engine.backward(context, roots: [used.sum()], mode: mode)
        }
      }
    }
  }

  @Test(
    "DA-02 Tensors with one tag arrive in order, those with others apart; constants stay constants")
  func tags() throws {
    try ThreadGroup.run(ranks: 2) { group in
      let engine = try DistEngine(group: group)
      try engine.context { context in
        if group.rank == 0 {
          for value in 1...3 { try context.send(.full([1], .int(value), dtype: .float64), to: 1) }
          try context.send(Tensor([5, 6]), to: 1, tag: 9)
        } else {
          let tagged = try context.receive(from: 0, tag: 9, shape: [2], dtype: .int64)
          let values = try (0..<3).map { _ in try context.receive(from: 0).item() }
          #expect(tagged.ints() == [5, 6] && values == [1, 2, 3] && !tagged.requiresGrad)
        }
      }
    }
  }

  @Test("DA-08 Second order works inside a rank and is refused across ranks")
  func higherOrder() throws {
    let kinds = try ThreadGroup.run(ranks: 2) { group -> [DistributedAutogradError.Kind] in
      let engine = try DistEngine(group: group)
      let x = try parameter([2], seed: 7, group.rank)
      try engine.context { context in
        let y = try context.allReduce(x)
        // The gradient of a penalty up to the collective's result is local; the pass then crosses.
        let inner = try #require(
          try gradients(of: [(y * y * y).sum()], withRespectTo: [y], createGraph: true)[0])
        try engine.backward(context, roots: [inner.sum()])
        let expected = (y.detach() * 6) * 2
        #expect(difference(context.gradients[x], expected) < 1e-12)
      }
      return try [true, false].map { createGraph in
        do {
          try engine.context { context in
            let y = try context.allReduce(x * x)
            _ = try gradients(of: [y.sum()], withRespectTo: [x], createGraph: createGraph)
          }
          throw Leak()
        } catch let error as DistributedAutogradError { return error.kind }
      }
    }
    #expect(kinds == [[.higherOrder, .outsidePass], [.higherOrder, .outsidePass]])
  }
}
