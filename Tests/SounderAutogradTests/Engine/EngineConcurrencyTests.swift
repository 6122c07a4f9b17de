import SounderArray
import Testing

@testable import SounderAutograd

/// Several passes at once; runs under ThreadSanitizer too.
@Suite(.serialized) struct EngineConcurrencyTests {
  @Test("AM-22: Eight threads with two hundred passes each add up exactly in one leaf")
  func sharedLeaf() throws {
    let x = try leaf(1, 2)
    let results = onThreads(8) { thread in
      for _ in 0..<200 {
        try (x * Tensor([Double(thread), 1]) + x * 2).sum().backward()
      }
    }
    for result in results { try result.get() }
    // 200·(0 + … + 7) + 8·200·2, and 1600·3.
    #expect(x.grad?.doubles() == [8800, 4800])
    #expect(x.node?.owner == 0)
  }

  @Test("AM-23: gradients(of:) does not share anything, so it is the same on every thread")
  func sharedLeafWithoutAccumulation() throws {
    let x = try leaf(0.3, 0.4)
    let results = onThreads(8) { _ in
      try (0..<50).map { _ in
        try gradients(of: [(x.sin() * x).sum()], withRespectTo: [x])[0]?.doubles() ?? []
      }
    }
    let all = try results.flatMap { try $0.get() }
    #expect(all.count == 400)
    #expect(Set(all).count == 1)
    #expect(x.grad == nil)
  }

  @Test("AM-24: Of four threads on one graph one succeeds, the others are told", arguments: 0..<40)
  func sharedGraph(round: Int) throws {
    let x = try leaf(2)
    var y = x
    for _ in 0..<20 { y = y * x }
    let root = y.sum()
    let results = onThreads(4) { _ in try root.backward() }
    var kinds: [AutogradError.Kind] = []
    for case .failure(let error) in results {
      kinds.append(try #require(error as? AutogradError).kind)
    }
    #expect(kinds == [.backwardTwice, .backwardTwice, .backwardTwice])
    #expect(x.grad?.item() == 22_020_096)
    #expect(root.node?.owner == 0 && y.node?.owner == 0 && x.node?.owner == 0)
  }

  @Test("AM-25: A retained graph serves any number of threads")
  func retainedGraph() throws {
    let x = try leaf(2)
    var y = x
    for _ in 0..<20 { y = y * x + y }
    let root = y
    let expected = try gradients(of: [root], withRespectTo: [x], retainGraph: true)[0]?.item()
    let results = onThreads(4) { thread -> [Double?] in
      try (0..<50).map { _ in
        if thread == 0 {
          try root.backward(retainGraph: true)
          return expected
        }
        return try gradients(of: [root], withRespectTo: [x], retainGraph: true)[0]?.item()
      }
    }
    for result in results { #expect(try result.get().allSatisfy { $0 == expected }) }
    #expect(x.grad?.item() == expected.map { $0 * 50 })
  }

  @Test("AM-12: Modes belong to a thread")
  func modes() throws {
    let x = try leaf(1)
    let recorded = noGrad {
      onThreads(2) { _ in (isGradientEnabled, (x * 2).requiresGrad) }
    }
    for result in recorded { #expect(try result.get() == (true, true)) }
    let levels = try ForwardMode.level { level in
      let dual = try level.dual(Tensor([1.0]), tangent: Tensor([1.0]))
      return onThreads(2) { _ in
        let seen = (dual * 2).tangent != nil
        return try ForwardMode.level { _ in seen }
      }
    }
    for result in levels { #expect(try result.get() == false) }
  }

  @Test("Graphs whose last owner is another thread are released there")
  func release() throws {
    let x = try leaf(1)
    weak var first: Node?
    let roots: Handover
    do {
      var y = x + 1.0
      first = y.node
      for _ in 0..<50_000 { y = y + 1.0 }
      roots = Handover((0..<4).map { y * Double($0) })
    }
    #expect(first != nil)
    for result in onThreads(4, { _ in roots.take() }) { try result.get() }
    #expect(first == nil)
  }
}

/// Tensors that threads take and drop.
private final class Handover: Sendable {
  private let tensors: Guarded<[Tensor]>

  init(_ tensors: [Tensor]) { self.tensors = Guarded(tensors) }

  func take() { _ = tensors.withLock { $0.popLast() }?.item() }
}
