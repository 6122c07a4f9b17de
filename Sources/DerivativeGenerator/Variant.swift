import SchemaLanguage

/// The forms in which an operator exists.
enum Variant {
  /// Returns a new tensor.
  case functional
  /// Writes into the receiver: `mul_`.
  case inPlace
  /// Writes into a tensor given as `out`; never differentiable.
  case out
}

extension Entry {
  /// The forms of this operator.
  var variants: [Variant] {
    hasInPlaceVariant ? [.functional, .inPlace, .out] : [.functional]
  }
}

extension Schema {
  /// The base name of a form: `mul_`.
  func name(_ variant: Variant) -> String { variant == .inPlace ? "\(name)_" : name }

  /// The overload of a form: `Tensor_out`.
  func overload(_ variant: Variant) -> String {
    guard variant == .out else { return overload }
    return overload.isEmpty ? "out" : "\(overload)_out"
  }

  /// The name of a form in the registry: `mul_.Tensor`.
  func fullName(_ variant: Variant) -> String {
    let overload = overload(variant)
    return name(variant) + (overload.isEmpty ? "" : ".\(overload)")
  }

  /// The declaration of a form.
  func text(_ variant: Variant) -> String {
    var parameters = text.drop { $0 != "(" }
    if variant == .out, let end = parameters.range(of: ") ->") {
      let star = arguments.contains(where: \.isKeywordOnly) ? "" : "*, "
      parameters.replaceSubrange(end, with: ", \(star)Tensor out) ->")
    }
    return variant == .functional ? text : fullName(variant) + parameters
  }
}
