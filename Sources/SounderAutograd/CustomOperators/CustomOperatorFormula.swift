/// The derivative of a registered operator, part by part, with the places where the parts were
/// registered.
struct CustomOperatorFormula: Sendable {
  struct Part<Function: Sendable>: Sendable {
    let function: Function
    let place: SourcePlace
  }

  var save: Part<CustomOperator.Save>?
  var backward: Part<CustomOperator.Backward>?
  var forward: Part<CustomOperator.Forward>?
  var differentiableOutputs: [Bool]?

  /// The two functions of reverse mode; nil if neither is registered.
  /// - Throws: ``OperatorError`` if one is registered without the other.
  func reverse(
    of name: String
  ) throws -> (save: CustomOperator.Save, backward: Part<CustomOperator.Backward>)? {
    switch (save, backward) {
    case (let save?, let backward?): return (save.function, backward)
    case (nil, nil): return nil
    case (let save?, nil):
      throw OperatorError(
        "\(name): the backward function is missing, the save function was registered at "
          + "\(save.place); register it with setBackward")
    case (nil, let backward?):
      throw OperatorError(
        "\(name): the save function is missing, the backward function was registered at "
          + "\(backward.place); register it with setSave, returning nil to save nothing")
    }
  }
}
