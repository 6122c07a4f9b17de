import SounderArray
import SounderComm
import SounderNN

extension Agreement {
  /// Adds what ranks must have in common to train a model together: the names, types and shapes of its
  /// parameters and buffers, which of them are trained and, if wanted, their values.
  ///
  /// Comparing values reads the whole model once, about 50 µs a MiB.
  public mutating func add(_ model: Module, values: Bool) {
    for parameter in model.namedParameters {
      let kind = parameter.tensor.requiresGrad ? "" : " (frozen)"
      add(.model, "parameter '\(parameter.name)'", Self.form(parameter) + kind)
    }
    for buffer in model.namedBuffers {
      add(.model, "buffer '\(buffer.name)'", Self.form(buffer))
    }
    guard values else { return }
    for parameter in model.namedParameters + model.namedBuffers {
      var digest = Digest()
      digest.add(parameter.tensor.array)
      add(.model, "the digest of the values of '\(parameter.name)'", digest.short)
    }
  }

  /// Adds every property of a structure of options.
  mutating func add(_ options: some Any, of owner: String) {
    for property in Mirror(reflecting: options).children {
      add(.configuration, "\(owner).\(property.label ?? "")", Self.text(of: property.value))
    }
  }

  /// A value as text; without the wrapping of an optional one.
  private static func text(of value: Any) -> String {
    let mirror = Mirror(reflecting: value)
    guard mirror.displayStyle == .optional else { return "\(value)" }
    return mirror.children.first.map { "\($0.value)" } ?? "not set"
  }

  private static func form(_ item: NamedTensor) -> String {
    "\(item.tensor.dtype) \(item.tensor.shape)"
  }
}
