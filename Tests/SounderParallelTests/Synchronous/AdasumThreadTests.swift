import SounderArray
import SounderAutograd
import SounderComm
import SounderNN
import Testing

@testable import SounderParallel

@Suite("Adaptive summation")
struct AdasumThreadTests {
  private func run(_ run: AdasumRun, ranks: Int) throws -> [AdasumRun.Result] {
    try ThreadGroup.run(ranks: ranks, timeout: .seconds(30)) { try run($0) }
  }

  private func distance(_ a: [Double], _ b: [Double]) -> Double {
    a.count == b.count ? zip(a, b).map { abs($0 - $1) }.max() ?? 0 : .infinity
  }

  @Test(
    "DP-29: any number of ranks has the result of the formula", arguments: [1, 2, 3, 4, 5, 6, 7, 8])
  func reference(ranks: Int) throws {
    for update in DataParallel.Update.allCases {
      let wanted = AdasumRun(update: update)
      let expected = wanted.reference(ranks: ranks).map { -$0 }
      for result in try run(wanted, ranks: ranks) {
        let error = distance(result.values, expected)
        #expect(error < 1e-5)
      }
    }
  }

  @Test("DP-29: several shards of a rank are its mean gradient", arguments: [2, 3, 5])
  func accumulated(passes: Int) throws {
    let wanted = AdasumRun(accumulate: passes)
    let expected = wanted.reference(ranks: 3).map { -$0 }
    #expect(try run(wanted, ranks: 3).allSatisfy { distance($0.values, expected) < 1e-5 })
  }

  @Test("DP-29: buckets and forms don't change a bit")
  func bits() throws {
    let reference = try run(AdasumRun(), ranks: 5)[0]
    for update in DataParallel.Update.allCases {
      for bucketBytes in [512, 1 << 20] {
        let results = try run(AdasumRun(update: update, bucketBytes: bucketBytes), ranks: 5)
        #expect(results.allSatisfy { $0 == reference })
      }
    }
  }

  @Test("DP-29: orthogonal gradients are added", arguments: [2, 3, 6])
  func orthogonal(ranks: Int) throws {
    let wanted = AdasumRun { rank, _, count in
      (0..<count).map { $0 == rank % count ? 3 : 0 }
    }
    // The short parameter has three elements only: later ranks share one, and are averaged there.
    let expected = (0..<37 * 131).map { $0 < ranks ? -3.0 : 0 }
    for result in try run(wanted, ranks: ranks) {
      let error = distance(Array(result.values.prefix(expected.count)), expected)
      #expect(error < 1e-6)
    }
  }

  @Test("DP-29: parallel gradients are averaged", arguments: [2, 3, 4, 7])
  func parallel(ranks: Int) throws {
    let wanted = AdasumRun { _, _, count in (0..<count).map { Double($0 % 5) - 1.5 } }
    for result in try run(wanted, ranks: ranks) {
      let expected = [37 * 131, 3, 1200].flatMap { count in
        (0..<count).map { 1.5 - Double($0 % 5) }
      }
      #expect(distance(Array(result.values.dropLast(5)), expected) < 1e-6)
    }
  }

  @Test("DP-29: opposite gradients leave nothing, and zeros leave the other side")
  func extremes() throws {
    let opposite = AdasumRun { rank, _, count in
      Array(repeating: rank == 0 ? 1 : -1, count: count)
    }
    #expect(try run(opposite, ranks: 2).allSatisfy { $0.values.allSatisfy { $0 == 0 } })
    let half = AdasumRun { rank, _, count in Array(repeating: rank == 2 ? 4 : 0, count: count) }
    #expect(try run(half, ranks: 3).allSatisfy { $0.values.dropLast(5).allSatisfy { $0 == -4 } })
  }

  @Test("DP-29: the joined gradient is clipped", arguments: DataParallel.Update.allCases)
  func clipped(update: DataParallel.Update) throws {
    let plain = try run(AdasumRun(update: update), ranks: 3)[0]
    let norm = plain.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    for result in try run(AdasumRun(update: update, clipNorm: 0.5), ranks: 3) {
      #expect(abs((result.norm ?? 0) - norm) < 1e-3)
      #expect(distance(result.values, plain.values.map { $0 * 0.5 / norm }) < 1e-6)
    }
  }

  @Test(
    "DP-29 FI-11: a step with a bad gradient is left out", arguments: DataParallel.Update.allCases)
  func skipped(update: DataParallel.Update) throws {
    let plain = try run(AdasumRun(update: update), ranks: 3)[0]
    for result in try run(AdasumRun(update: update, victim: 1), ranks: 3) {
      #expect(result.isSkipped && result.values == plain.values)
    }
  }

  @Test("DP-29: the plan joins every rank once, along the tree", arguments: 1...17)
  func plan(ranks: Int) {
    let plan = Adasum(ranks: ranks)
    let pairs = plan.levels.flatMap { $0 }
    #expect(pairs.count == ranks - 1)
    #expect(Set(pairs.map(\.right)) == Set(1..<ranks))
    #expect(plan.levels.allSatisfy { !$0.isEmpty && $0.count <= Adasum.pairCount(ranks: ranks) })
    #expect(plan.levels.count == (0...).first { 1 << $0 >= ranks })
    for level in plan.levels {
      #expect(Set(level.flatMap { [$0.left, $0.right] }).count == 2 * level.count)
    }
  }

  @Test("DP-29: what has no meaning with it is refused by key, with the way out")
  func refusals() throws {
    func message(_ change: (inout DataParallel.Options) -> Void, sparse: Bool = false) -> String {
      var options = DataParallel.Options()
      options.reduction = .adasum
      change(&options)
      do {
        _ = try DataParallel(
          model: sparse ? Embedding(4, 2, sparse: true) : Linear(2, 2),
          optimizer: .sgd(learningRate: 1), group: SingleProcessGroup(), options: options)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message { _ in } == "")
    #expect(message { $0.virtualShards = 8 }.contains("set virtual_shards to auto"))
    #expect(message { $0.shardState = .all }.contains("set shard_state to host"))
    #expect(message { $0.compression = .bf16 }.contains("set compression to none"))
    #expect(message({ _ in }, sparse: true).contains("'weight' is sparse"))
    let hosts = try ThreadGroup.run(ranks: 2, hosts: 2, timeout: .seconds(30)) { group in
      do {
        _ = try AdasumRun()(group)
        return ""
      } catch { return "\(error)" }
    }
    #expect(hosts.allSatisfy { $0.contains("there are 2 hosts; set reduction to mean") })
    #expect {
      var options = DataParallel.Options()
      (options.reduction, options.update) = (.adasum, .replicated)
      _ = try LocalSGD(
        model: Linear(2, 2), optimizer: .sgd(learningRate: 1), group: SingleProcessGroup(),
        options: options, schedule: .init(every: 4))
    } throws: { "\($0)".contains("set reduction to mean or sync_every to 1") }
  }
}
