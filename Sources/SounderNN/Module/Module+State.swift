import SounderArray
import SounderAutograd

/// A state dictionary that does not fit a module; lists everything that is wrong with it.
public struct StateDictionaryError: Error, Hashable, CustomStringConvertible {
  /// One way in which a name can fail to fit.
  public enum Problem: Hashable, Sendable, CustomStringConvertible {
    /// The module has a tensor of this name, the dictionary has none.
    case missing(String)
    /// The dictionary has an array of this name, the module has no such tensor.
    case unexpected(String)
    /// The shapes under this name differ.
    case shape(String, expected: Shape, found: Shape)

    /// What is wrong, with the name and the shapes.
    public var description: String {
      switch self {
      case .missing(let name): "'\(name)' is missing"
      case .unexpected(let name): "'\(name)' is unexpected"
      case .shape(let name, let expected, let found):
        "'\(name)' has shape \(found), the model's has \(expected)"
      }
    }
  }

  /// Everything that does not fit.
  public let problems: [Problem]

  /// One line with all problems.
  public var description: String {
    "the state does not fit the model: \(problems.map(\.description).joined(separator: "; "))"
  }
}

extension Module {
  /// The arrays of all parameters and buffers by name; they share memory with the module.
  public final func stateDictionary() -> [String: NDArray] {
    var state: [String: NDArray] = [:]
    for named in namedParameters + namedBuffers { state[named.name] = named.tensor.array }
    return state
  }

  /// Copies arrays into the parameters and buffers of the same names, converting types.
  ///
  /// Nothing is copied unless everything fits.
  /// - Parameter strict: Whether missing and unexpected names are errors; shapes must always match.
  /// - Throws: ``StateDictionaryError`` with all problems.
  public final func load(
    _ state: [String: NDArray], strict: Bool = true
  ) throws(StateDictionaryError) {
    let tensors = namedParameters + namedBuffers
    var problems: [StateDictionaryError.Problem] = []
    for named in tensors {
      if let array = state[named.name] {
        if array.shape != named.tensor.shape {
          problems.append(
            .shape(named.name, expected: named.tensor.shape, found: array.shape))
        }
      } else if strict {
        problems.append(.missing(named.name))
      }
    }
    if strict {
      let names = Set(tensors.map(\.name))
      problems += state.keys.filter { !names.contains($0) }.sorted().map { .unexpected($0) }
    }
    if !problems.isEmpty { throw StateDictionaryError(problems: problems) }
    for named in tensors {
      if let array = state[named.name] {
        named.tensor.array.copy(from: array)
        named.tensor.incrementVersion()
      }
    }
  }
}
