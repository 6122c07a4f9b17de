import SounderArray
import Testing

@testable import SounderAutograd

@Suite struct InPlaceTests {
  @Test("AM-17: A saved tensor that was changed is found, whoever changed it")
  func savedTensorModified() throws {
    func check(_ change: (Tensor) throws -> Void) throws {
      let x = try leaf(2)
      let y = x * 1
      let z = y * y
      try change(y)
      #expect(errorKind { try z.backward() } == .savedTensorModified)
      #expect(x.grad == nil)
    }
    try check { try $0.add_(Tensor([1.0])) }
    try check { y in try noGrad { _ = try y.add_(Tensor([1.0])) } }
    try check { try $0.detach().mul_(2) }
    try check { y in try noGrad { _ = try y.view([1, 1]).mul_(2) } }
    try check { $0.incrementVersion() }
  }

  @Test("AM-17: A saved output that was changed is found")
  func savedOutputModified() throws {
    let x = try leaf(2)
    let y = x.exp()
    let z = y + 1
    try y.mul_(2)
    let error = #expect(throws: AutogradError.self) { try z.backward() }
    #expect(error?.kind == .savedTensorModified)
    #expect(error?.message.contains("ExpBackward: output 0") == true)
  }

  @Test("AM-17: A formula that only reads shapes does not mind")
  func metadataOnly() throws {
    let x = try leaf(1, 2)
    let y = x * 1
    let z = y.sum()
    try noGrad { _ = try y.mul_(5) }
    try z.backward()
    #expect(x.grad?.doubles() == [1, 1])
  }

  @Test("AM-17: An operation in place becomes part of the history")
  func history() throws {
    let x = try leaf(2)
    let y = x * 3
    try y.mul_(Tensor([5.0]))
    try y.exp_()
    let z = y * 2
    try z.backward()
    #expect(abs(try #require(x.grad).item() / y.item() - 30) < 1e-12)
    #expect(y.gradFn?.name == "ExpBackward")
  }

  @Test("AM-18: Leaves that require gradients, and views of them, can't be changed in place")
  func leaves() throws {
    let x = try leaf(1, 2)
    #expect(errorKind { try x.add_(constant(1, 1)) } == .leafInPlace)
    let view = x.view([2, 1])
    #expect(errorKind { try view.mul_(2) } == .viewOfLeafInPlace)
    #expect(errorKind { try x.unsqueeze(0).squeeze(0).exp_() } == .viewOfLeafInPlace)
    #expect(x.doubles() == [1, 2])
    #expect(x.version == 0)
    try noGrad { _ = try x.view([2, 1]).mul_(2) }
    #expect(x.doubles() == [2, 4])
  }

  @Test("AM-21: Writers outside the library announce themselves, and views share the count")
  func explicitVersion() throws {
    let x = constant(1, 2)
    let view = x.view([2, 1])
    let other = x.detach()
    x.incrementVersion()
    #expect(x.version == 1 && view.version == 1 && other.version == 1)
    #expect(x.clone().version == 0)
  }
}
