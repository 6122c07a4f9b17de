import SounderArray
import Testing

@testable import SounderAutograd

@Suite struct BackwardCallbackTests {
  private struct Stop: Error {}

  @Test("AM-38: Callbacks run in order after all gradients are there, and may register others")
  func order() throws {
    let x = try leaf(1)
    let y = x * 2
    let seen = Journal<String>()
    try y.registerHook { _ in
      try queueBackwardCallback {
        seen.note("first, gradient \(x.grad?.item() ?? 0)")
        try queueBackwardCallback { seen.note("nested") }
      }
      try queueBackwardCallback { seen.note("second") }
      return nil
    }
    try y.backward()
    seen.note("returned")
    #expect(seen.entries == ["first, gradient 2.0", "second", "nested", "returned"])
  }

  @Test("AM-38: Outside of a pass there is nothing to wait for")
  func outside() throws {
    #expect(errorKind { try queueBackwardCallback {} } == .callbackOutsideBackward)
    let x = try leaf(1)
    try (x * 2).backward()
    #expect(errorKind { try queueBackwardCallback {} } == .callbackOutsideBackward)
  }

  @Test("AM-38: After a failure only onFailure runs, and gradients delivered before remain")
  func failure() throws {
    let x = try leaf(1)
    let w = try leaf(1)
    let seen = Journal<String>()
    let failing = Tensor.recorded(constant(1), from: [x]) { _ in throw Stop() }
    let y = failing + w
    try y.registerHook { _ in
      try queueBackwardCallback(onFailure: { seen.note("failed with \($0)") }) {
        seen.note("finished")
      }
      return nil
    }
    #expect(throws: Stop.self) { try y.backward() }
    #expect(seen.entries == ["failed with Stop()"])
    #expect(w.grad?.item() == 1)
    #expect(x.grad == nil)
  }

  @Test("AM-38: What a callback throws is thrown by backward")
  func throwingCallback() throws {
    let x = try leaf(1)
    let seen = Journal<String>()
    try x.registerHook { _ in
      try queueBackwardCallback(onFailure: { _ in seen.note("failed") }) { throw Stop() }
      try queueBackwardCallback { seen.note("second") }
      return nil
    }
    #expect(throws: Stop.self) { try (x * 2).backward() }
    #expect(seen.entries == ["failed"])
    #expect(x.grad?.item() == 2)
  }

  @Test("AM-38: A nested pass has its own callbacks")
  func nested() throws {
    let x = try leaf(1)
    let inner = try leaf(1)
    let seen = Journal<String>()
    try inner.registerHook { _ in
      try queueBackwardCallback { seen.note("inner") }
      return nil
    }
    try x.registerHook { _ in
      try queueBackwardCallback { seen.note("outer") }
      try withGradient(enabled: true) { try (inner * 2).backward() }
      seen.note("after inner")
      return nil
    }
    try (x * 2).backward()
    #expect(seen.entries == ["inner", "after inner", "outer"])
  }
}
