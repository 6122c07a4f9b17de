/// The rules for what the backward function of a registered operator returns.
struct GradientRules {
  let operatorName: String
  /// Where the backward function was registered.
  let place: SourcePlace

  /// The gradients by edge.
  /// - Throws: ``OperatorError`` naming the operator, the place and the argument if a rule is broken:
  ///   one entry for every tensor argument and no other, lists for lists of the same length, and nothing
  ///   for a tensor that was not given.
  func gradients(
    _ result: [String: OperatorGradient], _ arguments: [CustomOperatorNode.ArgumentForm]
  ) throws -> [(edge: Int, gradient: Tensor?)] {
    for name in result.keys.sorted() where !arguments.contains(where: { $0.name == name }) {
      let names = arguments.map(\.name).joined(separator: ", ")
      throw mistake("returned a gradient for '\(name)', which is no tensor argument (\(names))")
    }
    return try arguments.flatMap { argument in
      guard let gradient = result[argument.name] else {
        throw mistake("returned no gradient for '\(argument.name)'; nil stands for none")
      }
      let parts = try parts(gradient, argument)
      return parts.enumerated().map { (argument.firstEdge + $0, $1) }
    }
  }

  private func parts(
    _ gradient: OperatorGradient, _ argument: CustomOperatorNode.ArgumentForm
  ) throws -> [Tensor?] {
    switch (gradient, argument.isList) {
    case (.absent, _): return argument.isPresent.map { _ in nil }
    case (.tensor, true):
      throw mistake("returned a tensor for the list '\(argument.name)'")
    case (.list, false):
      throw mistake("returned a list for the tensor '\(argument.name)'")
    case (.tensor(let tensor), false):
      guard argument.isPresent == [true] else {
        throw mistake("returned a gradient for '\(argument.name)', which was nil at the call")
      }
      return [tensor]
    case (.list(let list), true):
      guard list.count == argument.isPresent.count else {
        throw mistake(
          "returned \(list.count) gradients for the \(argument.isPresent.count) tensors of "
            + "'\(argument.name)'")
      }
      for (index, isPresent) in argument.isPresent.enumerated() where !isPresent {
        guard list[index] == nil else {
          throw mistake(
            "returned a gradient for element \(index) of '\(argument.name)', which was nil at the "
              + "call")
        }
      }
      return list
    }
  }

  private func mistake(_ problem: String) -> OperatorError {
    OperatorError("\(operatorName): the backward function (\(place)) \(problem)")
  }
}
