import CKernels
import Foundation
import SounderArray
import SounderAutograd
import SounderComm
import SounderNN
import Testing

@testable import SounderParallel

@Suite("Hogwild")
struct HogwildConcurrencyTests {
  /// A regression problem whose batches depend on the ticket.
  static func loss(_ model: Module, _ ticket: Int) -> Tensor {
    var stream = RandomStream(seed: 5, stream: UInt64(ticket))
    let inputs = Tensor.randn([8, 6], from: &stream)
    let targets = inputs.sum([1], keepdim: true)
    return model(inputs).mseLoss(targets)
  }

  static func makeModel() -> MLP {
    let model = MLP(6, hidden: [70], 1, dropout: 0.2)
    model.initialize(seed: 2)
    return model
  }

  @Test(
    "One worker gives the bits of serial SGD", arguments: [nil] + StorePolicy.allCases,
    [
      OptimizerConfiguration.sgd(learningRate: 0.05),
      .sgd(learningRate: 0.05, momentum: 0.9, weightDecay: 0.01),
      .sgd(learningRate: 0.05, momentum: 0.9, nesterov: true),
    ])
  func serial(policy: StorePolicy?, configuration: OptimizerConfiguration) throws {
    var options = Hogwild.Options()
    options.storePolicy = policy
    options.seed = 4
    let hogwild = try Hogwild(
      group: SingleProcessGroup(), optimizer: configuration, options: options,
      makeModel: Self.makeModel)
    let report = try hogwild.run(tickets: 0..<20, learningRate: { 0.05 / Double(1 + $0) }) {
      Self.loss($0, $1)
    }
    #expect(report.updates == 20)
    #expect(report.staleness.bins[0] == 20 && report.staleness.maximum == 0)

    let model = Self.makeModel()
    let optimizer = SGD(
      model.parameters, learningRate: 0.05, momentum: configuration.momentum,
      nesterov: configuration.nesterov, weightDecay: configuration.weightDecay)
    for ticket in 0..<20 {
      optimizer.zeroGrad()
      optimizer.learningRate = 0.05 / Double(1 + ticket)
      try withRandomContext(RandomContext(seed: 4, step: UInt64(ticket), shard: 0)) {
        try Self.loss(model, ticket).backward()
      }
      optimizer.step()
    }
    #expect(TrainingRun.bits(model) == TrainingRun.bits(hogwild.model))
  }

  @Test("Every ticket is dealt exactly once", arguments: [(1, 4), (2, 3), (4, 1)])
  func tickets(ranks: Int, threads: Int) throws {
    let seen = TicketCounts(200)
    let reports = try ThreadGroup.run(ranks: ranks) { group in
      var options = Hogwild.Options()
      options.workersPerRank = threads
      let hogwild = try Hogwild(
        group: group, optimizer: .sgd(learningRate: 0.01), options: options,
        makeModel: Self.makeModel)
      return try hogwild.run(tickets: 0..<200, learningRate: { _ in 0.01 }) { model, ticket in
        seen.count(ticket)
        return Self.loss(model, ticket)
      }
    }
    #expect(seen.values == Array(repeating: 1, count: 200))
    for report in reports {
      #expect(report.updates == 200 && report.staleness.count == 200)
      #expect(report.meanLoss.isFinite && !report.wasStopped)
    }
  }

  @Test("Workers of threads and ranks converge together", arguments: [(1, 2), (2, 1), (2, 2)])
  func convergence(ranks: Int, threads: Int) throws {
    let losses = try ThreadGroup.run(ranks: ranks) { group in
      var options = Hogwild.Options()
      options.workersPerRank = threads
      let hogwild = try Hogwild(
        group: group, optimizer: .sgd(learningRate: 0.05), options: options
      ) { Linear(6, 1) }
      // A worker that loses its core may bring a gradient of the run's first ticket as the last one. In the
      // last of several runs such a gradient is small too.
      for begin in stride(from: 0, to: 800, by: 80) {
        _ = try hogwild.run(tickets: begin..<begin + 80, learningRate: { _ in 0.05 }) {
          Self.loss($0, $1)
        }
      }
      return Self.loss(hogwild.model, 1000).item()
    }
    #expect(losses.allSatisfy { $0 < 1e-4 }, "\(losses)")
    #expect(Set(losses).count == 1, "all ranks see the same parameters")
  }

  @Test("An error of a worker ends the run with that error")
  func failure() {
    struct BadTicket: Error {}
    #expect(throws: BadTicket.self) {
      var options = Hogwild.Options()
      options.workersPerRank = 3
      let hogwild = try Hogwild(
        group: SingleProcessGroup(), optimizer: .sgd(learningRate: 0.1), options: options,
        makeModel: Self.makeModel)
      _ = try hogwild.run(tickets: 0..<1000, learningRate: { _ in 0.01 }) { model, ticket in
        if ticket == 30 { throw BadTicket() }
        return Self.loss(model, ticket)
      }
    }
  }

  @Test("Optimisers with state and ranks on several hosts are refused")
  func refused() {
    #expect {
      _ = try Hogwild(
        group: SingleProcessGroup(), optimizer: .adam(), makeModel: Self.makeModel)
    } throws: { "\($0)".contains("use optimizer.kind sgd") }
    #expect {
      try ThreadGroup.run(ranks: 2, hosts: 2) { group in
        _ = try Hogwild(
          group: group, optimizer: .sgd(learningRate: 0.1), makeModel: Self.makeModel)
      }
    } throws: { "\($0)".contains("on 2 hosts") }
  }
}

@Suite("Hogwild's stores")
struct HogwildStoreConcurrencyTests {
  @Test("Unit updates of racing threads: exact keeps all, the others lose some at most")
  func conservation() throws {
    let (threads, rounds, count) = (4, 2000, 24)
    for policy in StorePolicy.allCases {
      let shared = SharedFloats(count: count)
      try ThreadGroup.run(ranks: threads) { _ in
        let step = [Float](repeating: -1, count: count)
        for _ in 0..<rounds { _ = policy.subtract(step, from: shared.base, count: count) }
      }
      let values = shared.values
      let all = Float(threads * rounds)
      if policy == .exact {
        #expect(values.allSatisfy { $0 == all })
      } else {
        #expect(values.allSatisfy { $0 > 0 && $0 <= all })
      }
    }
  }

  @Test("Readers never see a torn element")
  func tearing() throws {
    let patterns = [Float(bitPattern: 0x3F80_0000), Float(bitPattern: 0xC049_0FDB)]
    let shared = SharedFloats(count: 64)
    let torn = try ThreadGroup.run(ranks: 2) { group in
      var bad = 0
      var copy = [Float](repeating: 0, count: 64)
      for round in 0..<20_000 {
        if group.rank == 0 {
          // x - (x - p) is p: the store writes one of the two patterns.
          copy.withUnsafeMutableBufferPointer { target in
            guard let base = target.baseAddress else { return }
            ck_hogwild_load_f32(base, shared.base, 64)
            for index in 0..<64 { target[index] -= patterns[round % 2] }
            ck_hogwild_subtract_wide_f32(shared.base, base, 64)
          }
        } else {
          copy.withUnsafeMutableBufferPointer { target in
            guard let base = target.baseAddress else { return }
            ck_hogwild_load_f32(base, shared.base, 64)
          }
          bad += copy.count {
            $0 != 0 && abs($0 - patterns[0]) > 1e-5 && abs($0 - patterns[1]) > 1e-5
          }
        }
      }
      return bad
    }
    #expect(torn == [0, 0])
  }

  @Test("The histogram's bins are powers of two")
  func histogram() {
    var histogram = StalenessHistogram()
    for staleness in [0, 0, 1, 2, 3, 4, 7, 8, 1000] { histogram.record(staleness) }
    #expect(Array(histogram.bins[0..<5]) == [2, 1, 2, 2, 1])
    #expect(histogram.count == 9 && histogram.maximum == 1000)
    #expect(histogram.quantile(0.2) == 0 && histogram.quantile(0.5) == 3)
    #expect(histogram.quantile(1) == 1000)
  }
}

/// How often each ticket was taken; a lock ThreadSanitizer knows guards it.
private final class TicketCounts: @unchecked Sendable {
  private let lock = NSLock()
  private var counts: [Int]

  init(_ count: Int) { counts = Array(repeating: 0, count: count) }

  func count(_ ticket: Int) { lock.withLock { counts[ticket] += 1 } }

  var values: [Int] { lock.withLock { counts } }
}

/// Floats that threads share.
private final class SharedFloats: @unchecked Sendable {
  // @unchecked: accessed through the atomic kernels only, until the threads have ended.
  let base: UnsafeMutablePointer<Float>
  let count: Int

  init(count: Int) {
    self.count = count
    base = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64)
      .bindMemory(to: Float.self, capacity: count)
    base.initialize(repeating: 0, count: count)
  }

  deinit { base.deallocate() }

  var values: [Float] { Array(UnsafeBufferPointer(start: base, count: count)) }
}
