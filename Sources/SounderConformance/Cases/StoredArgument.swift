import SounderAutograd

/// An argument of a case.
public indirect enum StoredArgument: Sendable {
  /// A tensor, of which every call gets a fresh copy.
  case tensor(StoredTensor)
  /// A list of arguments.
  case list([StoredArgument])
  /// Anything else.
  case value(OperatorArgument)
  /// What this program has no argument for, in words.
  case unsupported(String)

  /// The argument for a call, with `make` making the tensors.
  /// - Throws: ``UnsupportedArgument``; what `make` throws.
  func argument(_ make: (StoredTensor) throws -> Tensor) throws -> OperatorArgument {
    switch self {
    case .tensor(let stored): .tensor(try make(stored))
    case .list(let elements): .list(try elements.map { try $0.argument(make) })
    case .value(let value): value
    case .unsupported(let what): throw UnsupportedArgument(what)
    }
  }
}

/// An argument that no operator of this program can take.
struct UnsupportedArgument: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
