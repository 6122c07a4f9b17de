import CKernels
import SounderArray

/// A tensor an operation keeps for its backward pass, with the version of its memory.
///
/// An input is kept as it is. An output is kept outside the graph and gets its node back when read,
/// because node and output would own each other otherwise.
struct SavedTensor {
  fileprivate var tensor: Tensor?
  fileprivate var version: UInt32 = 0
  /// The output slot, or -1 for an input.
  fileprivate var slot: Int32 = -1

  init() {}

  @inline(__always) init(input: Tensor?) {
    guard let input else { return }
    tensor = input
    version = input.array.storage.version
  }

  init(output: Tensor?, slot: Int) {
    guard let output else { return }
    tensor = Tensor(output.array)
    version = output.array.storage.version
    self.slot = Int32(slot)
  }

  mutating func release() { tensor = nil }
}

// How a node's `apply` reads what it saved.
extension Node {
  /// The tensor as it was saved.
  ///
  /// `saved` is a field of the node. It is read under the node's lock, because another pass over the
  /// same graph may be dropping it.
  /// - Throws: ``AutogradError`` `.backwardTwice` if the graph was used up by another pass,
  ///   `.savedTensorModified` if the memory was changed in place since.
  @inline(__always) final func unpack(_ saved: @autoclosure () -> SavedTensor) throws -> Tensor {
    guard let tensor = try unpackOptional(saved()) else { throw releasedError() }
    return tensor
  }

  /// The tensor as it was saved, or nil if there was none.
  /// - Throws: as ``unpack(_:)``.
  @inline(__always)
  final func unpackOptional(_ saved: @autoclosure () -> SavedTensor) throws -> Tensor? {
    try restore(try locked(saved))
  }

  /// The tensors of a list as they were saved.
  /// - Throws: as ``unpack(_:)``.
  final func unpackList(_ saved: @autoclosure () -> [SavedTensor]) throws -> [Tensor] {
    try locked(saved).map { entry in
      guard let tensor = try restore(entry) else { throw releasedError() }
      return tensor
    }
  }

  /// The tensors of a list as they were saved, nil where there was none.
  /// - Throws: as ``unpack(_:)``.
  final func unpackOptionalList(_ saved: @autoclosure () -> [SavedTensor]) throws -> [Tensor?] {
    try locked(saved).map { try restore($0) }
  }

  /// Reads a field for the pass of this thread, which owns the saved tensors from now on if it will
  /// drop them.
  @inline(__always) private func locked<Saved>(_ saved: () -> Saved) throws -> Saved {
    let pass = BackwardPass.consuming
    ck_lock(&lock)
    if isReleased || (pass != 0 && consumer != 0 && consumer != pass) {
      ck_unlock(&lock)
      throw releasedError()
    }
    if pass != 0 { consumer = pass }
    let value = saved()
    ck_unlock(&lock)
    return value
  }

  @inline(__always) private func restore(_ saved: SavedTensor) throws -> Tensor? {
    guard let tensor = saved.tensor else { return nil }
    if tensor.array.storage.version != saved.version { throw modifiedError(saved, tensor) }
    if saved.slot >= 0 && Modes.recording {
      return Tensor(tensor.array, node: self, slot: Int(saved.slot))
    }
    return tensor
  }

  @inline(never) private func releasedError() -> AutogradError {
    AutogradError(
      .backwardTwice,
      "\(name): the graph was already used by a backward pass, which dropped its saved tensors; "
        + "pass retainGraph: true to the first backward to use it again")
  }

  @inline(never)
  private func modifiedError(_ saved: SavedTensor, _ tensor: Tensor) -> AutogradError {
    let role = saved.slot >= 0 ? "output \(saved.slot)" : "an input"
    return AutogradError(
      .savedTensorModified,
      "\(name): \(role) of type \(tensor.dtype) and shape \(tensor.shape), needed for the gradient, "
        + "was modified in place: version \(tensor.array.storage.version), expected \(saved.version)"
    )
  }
}
