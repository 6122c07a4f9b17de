import CKernels
import SounderArray
import SounderAutograd
import SounderComm
import Testing

@testable import SounderParallel

@Suite("Failures of backward passes across ranks")
struct DistEngineFailureTests {
  struct BadGradient: Error {}
  struct BadSample: Error {}

  /// What a rank saw of a failed context, and of the one after it.
  struct Report: Sendable {
    var error: DistributedAutogradError?
    var seconds = 0.0
    /// Whether `grad` was what the pass before had left.
    var isUntouched = false
    var nextPassWorks = false
    var leftovers = -1
  }

  /// Runs a pass that succeeds, one that shall fail, and another that succeeds.
  private func reports(
    ranks: Int = 3, timeout: Duration = .seconds(30),
    _ body: @escaping @Sendable (AutogradContext, DistEngine, Tensor) throws -> Void
  ) throws -> [Report] {
    try ThreadGroup.run(ranks: ranks) { group in
      var options = DistEngine.Options()
      options.timeout = timeout
      let engine = try DistEngine(group: group, options: options)
      let weight = try parameter([3], seed: 1, group.rank)
      let pass = {
        try engine.context { context in
          let y = try context.allReduce(weight)
          try engine.backward(context, roots: [y.sum()], into: .leaves)
        }
      }
      var report = Report()
      try pass()
      let start = ck_monotonic_nanoseconds()
      do { try engine.context { try body($0, engine, weight) } } catch {
        report.error = error as? DistributedAutogradError
      }
      report.seconds = Double(ck_monotonic_nanoseconds() - start) * 1e-9
      let once = Double(group.size)
      report.isUntouched = weight.grad?.doubles() == [once, once, once]
      try pass()
      report.nextPassWorks = weight.grad?.doubles() == [2 * once, 2 * once, 2 * once]
      report.leftovers = engine.liveContexts + engine.pendingMessages
      return report
    }
  }

  /// Expects one error on all ranks and nothing else changed.
  private func expectAlike(
    _ reports: [Report], _ kind: DistributedAutogradError.Kind, rank: Int?, operation: String,
    _ message: String = "", within seconds: Double = 1, location: SourceLocation = #_sourceLocation
  ) {
    let errors = reports.map(\.error)
    #expect(
      errors.allSatisfy { $0 != nil && $0 == errors[0] }, "\(errors)", sourceLocation: location)
    #expect(errors[0]?.kind == kind, "\(errors)", sourceLocation: location)
    if let rank { #expect(errors[0]?.rank == rank, "\(errors)", sourceLocation: location) }
    #expect(errors[0]?.operation == operation, "\(errors)", sourceLocation: location)
    #expect(
      message.isEmpty || errors[0]?.message.contains(message) ?? false, "\(errors)",
      sourceLocation: location)
    #expect(
      reports.allSatisfy { $0.isUntouched && $0.nextPassWorks && $0.leftovers == 0 }, "\(reports)",
      sourceLocation: location)
    #expect(reports.allSatisfy { $0.seconds < seconds }, "\(reports)", sourceLocation: location)
  }

  @Test(
    "DA-07 An error in a node of one rank is the same error on all",
    arguments: DistEngine.Mode.allCases)
  func node(mode: DistEngine.Mode) throws {
    let reports = try reports { context, engine, weight in
      var y = weight * 2
      if context.rank > 0 { y = y + (try context.receive(from: context.rank - 1)) }
      let middle = y.tanh()
      if context.rank == 1 { try middle.registerHook { _ in throw BadGradient() } }
      if context.rank < context.size - 1 { try context.send(middle, to: context.rank + 1) }
      let roots = context.rank == context.size - 1 ? [middle.sum()] : []
      try engine.backward(context, roots: roots, mode: mode, into: .leaves)
    }
    expectAlike(reports, .operatorFailed, rank: 1, operation: "TanhBackward", "BadGradient")
    #expect(reports[1].error?.underlying is BadGradient)
  }

  @Test("DA-07 Gradients that retainGrad keeps come with success only")
  func retained() throws {
    let kept = try ThreadGroup.run(ranks: 2) { group in
      let engine = try DistEngine(group: group)
      return try [true, false].map { fails in
        let weight = try parameter([2], seed: 1)
        let middle = weight * 3
        try middle.retainGrad()
        if fails && group.rank == 1 { try weight.registerHook { _ in throw BadGradient() } }
        try? engine.context { context in
          try engine.backward(context, roots: [middle.sum()])
        }
        return middle.grad?.doubles()
      }
    }
    #expect(kept == [[nil, [1, 1]], [nil, [1, 1]]])
  }

  @Test("DA-07 A failing rank ends a pass whose other ranks are in a collective")
  func collective() throws {
    let reports = try reports(ranks: 4) { context, engine, weight in
      let y = try context.allReduce(weight * 2)
      let z = y.exp()
      if context.rank == 2 { try z.registerHook { _ in throw BadGradient() } }
      try engine.backward(context, roots: [z.sum()], into: .leaves)
    }
    expectAlike(reports, .operatorFailed, rank: 2, operation: "ExpBackward", "BadGradient")
  }

  @Test("DA-07 An error of the program on one rank ends the others' waits")
  func forward() throws {
    let reports = try reports { context, engine, weight in
      if context.rank == 1 { throw BadSample() }
      try engine.backward(context, roots: [try context.allReduce(weight).sum()], into: .leaves)
    }
    expectAlike(reports, .operatorFailed, rank: 1, operation: "forward", "BadSample")
  }

  @Test("DA-07 Errors of all ranks at once become one")
  func all() throws {
    let reports = try reports { context, engine, weight in
      let y = weight.exp()
      let rank = context.rank
      try y.registerHook { _ in throw DataError(rank: rank) }
      try engine.backward(context, roots: [y.sum()], into: .leaves)
    }
    let rank = reports[0].error?.rank ?? -1
    expectAlike(
      reports, .operatorFailed, rank: nil, operation: "ExpBackward", "DataError(rank: \(rank))")
  }

  struct DataError: Error { let rank: Int }

  @Test("DA-14 A rank that goes on without sending is named at once")
  func neverSends() throws {
    let reports = try reports { context, engine, weight in
      if context.rank == 1 { _ = try context.receive(from: 0) }
      try engine.backward(context, roots: [weight.sum()], into: .leaves)
    }
    expectAlike(
      reports, .neverSent, rank: 1, operation: "receive from rank 0", "rank 0 has gone on")
  }

  @Test("DA-14 A rank that does nothing is a timeout on all, once it looks")
  func silent() throws {
    let gate = Gate()
    let reports = try reports(timeout: .milliseconds(500)) { context, engine, weight in
      if context.rank == 0 {
        gate.wait()
        _ = try context.receive(from: 1)
      } else if context.rank == 1 {
        defer { gate.open() }
        _ = try context.receive(from: 0)
      }
      try engine.backward(context, roots: [weight.sum()], into: .leaves)
    }
    let errors = reports.map(\.error)
    #expect(errors.allSatisfy { $0?.kind == .timeout && $0 == errors[0] }, "\(errors)")
    #expect(reports.allSatisfy { $0.isUntouched && $0.seconds < 5 }, "\(reports)")
  }

  @Test("DA-14 A rank that begins its pass too late finds the failure of those who have given up")
  func late() throws {
    let gate = Gate()
    let reports = try reports(timeout: .milliseconds(500)) { context, engine, weight in
      if context.rank == 1 { gate.wait() }
      defer { if context.rank != 1 { gate.open() } }
      try engine.backward(context, roots: [weight.sum()], into: .leaves)
    }
    let errors = reports.map(\.error)
    #expect(errors.allSatisfy { $0?.kind == .timeout && $0?.operation == "outcome" }, "\(errors)")
    #expect(errors[0]?.message.contains("for rank 1") ?? false, "\(errors)")
    #expect(reports.allSatisfy { $0.isUntouched && $0.nextPassWorks }, "\(reports)")
  }

  @Test("DA-12 A tensor of another shape or type than expected is an error on all")
  func pair() throws {
    let shape = try reports { context, engine, weight in
      if context.rank == 0 { try context.send(weight, to: 2) }
      if context.rank == 2 { _ = try context.receive(from: 0, shape: [4]) }
      try engine.backward(context, roots: [weight.sum()], into: .leaves)
    }
    expectAlike(
      shape, .mismatch, rank: 2, operation: "receive from rank 0",
      "sent float64[3], expected is float64[4]")
    let dtype = try reports { context, engine, weight in
      if context.rank == 0 { try context.send(weight, to: 2) }
      if context.rank == 2 { _ = try context.receive(from: 0, dtype: .float32) }
      try engine.backward(context, roots: [weight.sum()], into: .leaves)
    }
    expectAlike(
      dtype, .mismatch, rank: 2, operation: "receive from rank 0", "expected is float32[3]")
  }

  @Test("DA-12 Ranks that call different collectives get the same error")
  func differentCollectives() throws {
    let reports = try reports { context, engine, weight in
      let y = context.rank == 1 ? try context.allGather(weight) : try context.allReduce(weight)
      try engine.backward(context, roots: [y.sum()], into: .leaves)
    }
    let error = reports[0].error
    expectAlike(reports, .mismatch, rank: nil, operation: error?.operation ?? "", "rank 1 called")
    #expect(error?.message.contains("allReduce sum of float64[3]") ?? false)
  }

  @Test("DA-07 A rank that leaves without a pass, and a pass without any root, are errors on all")
  func leaving() throws {
    let left = try reports { context, engine, weight in
      if context.rank == 2 {
        // Learns of the failure only where it looks: its own context ends well.
        throw BadSample()
      }
      try engine.backward(context, roots: [weight.sum()], into: .leaves)
    }
    expectAlike(left, .operatorFailed, rank: 2, operation: "forward", "BadSample")
    let rootless = try reports { context, engine, weight in
      _ = try context.allReduce(weight)
      try engine.backward(context, roots: [], into: .leaves)
    }
    expectAlike(rootless, .noRoots, rank: 0, operation: "backward")
    let gone = try reports { context, engine, weight in
      if context.rank == 2 { return }
      try engine.backward(context, roots: [weight.sum()], into: .leaves)
    }
    #expect(gone.map { $0.error?.kind } == [.rankLeft, .rankLeft, nil])
    #expect(gone.allSatisfy { $0.isUntouched && $0.nextPassWorks && $0.seconds < 1 })
  }

  @Test("DA-01 A context has one pass, and ranks must agree on its mode")
  func usedTwice() throws {
    let twice = try reports { context, engine, weight in
      let y = try context.allReduce(weight)
      try engine.backward(context, roots: [y.sum()])
      try engine.backward(context, roots: [y.sum()], into: .leaves)
    }
    #expect(
      twice.allSatisfy { $0.error?.kind == .contextUsed && $0.isUntouched && $0.nextPassWorks })
    let modes = try reports { context, engine, weight in
      let y = try context.allReduce(weight)
      try engine.backward(
        context, roots: [y.sum()], mode: context.rank == 1 ? .smart : .fast, into: .leaves)
    }
    expectAlike(modes, .mismatch, rank: 1, operation: "backward", "in FAST mode")
  }

  @Test("DA-07 Roots outside any graph are refused on all ranks")
  func badRoot() throws {
    let reports = try reports { context, engine, weight in
      let root = context.rank == 0 ? weight.detach().sum() : weight.sum()
      try engine.backward(context, roots: [root], into: .leaves)
    }
    expectAlike(
      reports, .operatorFailed, rank: 0, operation: "backward", "does not require a gradient")
  }
}
