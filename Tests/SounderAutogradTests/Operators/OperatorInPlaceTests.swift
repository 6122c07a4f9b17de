import SounderArray
import Testing

@testable import SounderAutograd

@Suite struct OperatorInPlaceTests {
  static let names = OperatorRegistry.entries.filter(\.isInPlace).map(\.fullName)

  @Test("An in-place variant has the values and gradients of the operator", arguments: names)
  func equalsFunctional(name: String) throws {
    let inPlace = try OperatorRegistry.entry(name)
    let base = String(inPlace.name.dropLast())
    let functional = inPlace.overload.isEmpty ? base : "\(base).\(inPlace.overload)"
    var compared = 0
    for operatorCase in try OperatorCase.all(of: functional) {
      let leaves = try operatorCase.inputs.map { try Tensor($0.array.copied()).requiresGrad() }
      let expected = try operatorCase(leaves)
      // A result that broadcasting makes larger has no place in the receiver.
      guard expected.shape == leaves[0].shape else { continue }
      let cotangent = expected.detach().sin()
      let gradients = try SounderAutograd.gradients(
        of: [expected], withRespectTo: leaves, gradOutputs: [cotangent])

      let receiver = leaves[0].clone()
      let version = receiver.version
      var isFirst = true
      var active = leaves.makeIterator()
      let call = operatorCase.mapTensors(of: inPlace) { tensor, isActive in
        let leaf = isActive ? active.next() ?? tensor : tensor
        defer { isFirst = false }
        return isFirst ? receiver : leaf
      }
      let result = try inPlace(call.arguments)[0]
      #expect(result === receiver)
      #expect(receiver.version == version + 1)
      #expect(result.doubles() == expected.doubles())
      let found = try SounderAutograd.gradients(
        of: [result], withRespectTo: leaves, gradOutputs: [cotangent])
      for (a, b) in zip(found, gradients) { expectClose(try #require(a), try #require(b)) }

      let tangents = leaves.map { $0.detach().cos() }
      let pushed = try jvp(
        { inputs in
          var next = inputs.makeIterator()
          var isFirst = true
          return try inPlace(
            operatorCase.mapTensors(of: inPlace) { tensor, isActive in
              let value = isActive ? next.next() ?? tensor : tensor
              defer { isFirst = false }
              return isFirst ? value.clone() : value
            }.arguments)[0]
        }, primals: leaves.map { $0.detach() }, tangents: tangents)
      let reference = try jvp(
        { try operatorCase($0) }, primals: leaves.map { $0.detach() }, tangents: tangents)
      expectClose(pushed.tangent, reference.tangent)
      compared += 1
    }
    #expect(compared > 0, "no sample of \(functional) fits in place")
  }
}
