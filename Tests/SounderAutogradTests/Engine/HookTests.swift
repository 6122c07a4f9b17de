import SounderArray
import Testing

@testable import SounderAutograd

@Suite struct HookTests {
  @Test("AM-34: What a hook returns must keep shape and type")
  func validation() throws {
    let x = try leaf(1, 2)
    let shape = try x.registerHook { _ in constant(1) }
    #expect(errorKind { try x.sum().backward() } == .hookShape)
    shape.remove()
    let dtype = try x.registerHook { $0.toDtype(.float32) }
    #expect(errorKind { try x.sum().backward() } == .hookDtype)
    dtype.remove()
    try x.sum().backward()
    #expect(x.grad?.doubles() == [1, 1])
    #expect(errorKind { try constant(1).registerHook { _ in nil } } == .hookOnNonDiff)
    #expect(errorKind { try (x * 2).registerPostAccumulateGradHook { _ in } } == .notLeaf)
  }

  @Test("AM-34: Hooks run in the order of registration, each on what the one before returned")
  func order() throws {
    let x = try leaf(1)
    let y = x * 1
    let seen = Journal<Double>()
    func hook(_ gradient: Tensor) -> Tensor? {
      seen.note(gradient.item())
      return gradient * 2
    }
    try y.registerHook(hook)
    let second = try y.registerHook(hook)
    try y.registerHook { gradient in
      seen.note(gradient.item())
      return nil
    }
    try y.backward(retainGraph: true)
    #expect(seen.entries == [1, 2, 4])
    #expect(x.grad?.item() == 4)
    second.remove()
    second.remove()
    try y.backward()
    #expect(seen.entries == [1, 2, 4, 1, 2])
    #expect(x.grad?.item() == 6)
  }

  @Test("AM-34: A hook may remove itself")
  func selfRemoval() throws {
    let x = try leaf(1)
    let calls = Journal<Double>()
    var handle: HookHandle?
    handle = try x.registerHook {
      calls.note($0.item())
      handle?.remove()
      return nil
    }
    try (x * 2).backward()
    try (x * 2).backward()
    #expect(calls.entries == [2])
  }

  @Test("AM-34: A hook sees the whole gradient of a tensor with several uses, once")
  func severalUses() throws {
    let x = try leaf(1)
    let y = x * 2
    let seen = Journal<Double>()
    try y.registerHook {
      seen.note($0.item())
      return nil
    }
    try (y * 3 + y * 5).backward()
    #expect(seen.entries == [8])
  }

  @Test("AM-34: Post-accumulate hooks run after the gradient is there, and not for gradients(of:)")
  func postAccumulate() throws {
    let x = try leaf(1)
    let seen = Journal<Double?>()
    let handle = try x.registerPostAccumulateGradHook { seen.note($0.grad?.item()) }
    try (x * 2 + x * 3).backward()
    try (x * 2).backward()
    _ = try gradients(of: [x * 2], withRespectTo: [x])
    #expect(seen.entries == [5, 7])
    try (x * 2).backward(inputs: [x])
    #expect(seen.entries == [5, 7, 9])
    handle.remove()
    try (x * 2).backward()
    #expect(seen.entries.count == 3)
  }

  @Test("AM-34: retainGrad keeps what the hooks made of the gradient")
  func retainedAfterHooks() throws {
    let x = try leaf(1)
    let y = x * 1
    try y.retainGrad()
    try y.registerHook { $0 * 10 }
    try y.backward()
    #expect(y.grad?.item() == 10)
    #expect(x.grad?.item() == 10)
  }

  @Test("Gradients asked for are those after the hooks")
  func captured() throws {
    let x = try leaf(1)
    let y = x * 1
    try y.registerHook { $0 * 10 }
    let found = try gradients(of: [y * 2], withRespectTo: [y, x])
    #expect(found.map { $0?.item() } == [20, 20])
  }
}
