import Testing

@testable import SounderParallel

@Suite("The reduction tree")
struct ReductionTreeTests {
  @Test("A node is divided after the largest smaller power of two", arguments: 2...40)
  func split(count: Int) {
    let left = ReductionTree.split(10..<10 + count) - 10
    #expect(left & (left - 1) == 0)
    #expect(left < count && 2 * left >= count)
  }

  @Test("Covering nodes are disjoint, ordered and complete", arguments: 1...17)
  func cover(shards: Int) {
    for lower in 0..<shards {
      for upper in lower + 1...shards {
        let nodes = ReductionTree.nodes(covering: lower..<upper, of: shards)
        #expect(nodes.flatMap(Array.init) == Array(lower..<upper))
        for (left, right) in zip(nodes, nodes.dropFirst()) {
          #expect(ReductionTree.parent(of: left, right, of: shards) == nil, "not the largest nodes")
        }
      }
    }
  }

  @Test("Joining children bottom up reaches the root", arguments: 1...17)
  func join(shards: Int) {
    var stack: [Range<Int>] = []
    for shard in 0..<shards {
      stack.append(shard..<shard + 1)
      while stack.count > 1,
        let joined = ReductionTree.parent(
          of: stack[stack.count - 2], stack[stack.count - 1], of: shards)
      {
        stack.removeLast(2)
        stack.append(joined)
      }
    }
    #expect(stack == [0..<shards])
  }
}

@Suite("The plan of virtual shards")
struct ShardPlanTests {
  @Test("Shards and samples are dealt completely, in order", arguments: 1...16)
  func deal(shards: Int) throws {
    for ranks in 1...shards {
      let plan = try ShardPlan(shards: shards, ranks: ranks)
      #expect((0..<ranks).flatMap { plan.shards(of: $0) } == Array(0..<shards))
      #expect((0..<shards).flatMap { plan.samples(of: $0, in: 37) } == Array(0..<37))
    }
  }

  @Test("A schedule leaves exactly the covering nodes in its slots", arguments: 1...16)
  func schedule(shards: Int) throws {
    for ranks in 1...shards {
      let plan = try ShardPlan(shards: shards, ranks: ranks)
      for rank in 0..<ranks {
        let (steps, nodes) = plan.schedule(of: rank)
        let range = plan.shards(of: rank)
        #expect(steps.map(\.shard) == Array(range))
        #expect(nodes == ReductionTree.nodes(covering: range, of: shards))
        #expect(steps.allSatisfy { $0.slot < plan.slotCount })
      }
    }
  }

  @Test("Fewer shards than ranks are refused with what to change")
  func refused() {
    #expect {
      try ShardPlan(shards: 2, ranks: 4)
    } throws: { "\($0)".contains("raise virtual_shards") }
  }
}
