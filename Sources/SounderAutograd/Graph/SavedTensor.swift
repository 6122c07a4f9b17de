import CKernels
import SounderArray

/// A tensor an operation keeps for its backward pass, with the version of its memory.
///
/// An input is kept as it is. An output is kept outside the graph and gets its node back when read,
/// because node and output would own each other otherwise.
struct SavedTensor {
  private var tensor: Tensor?
  private var version: UInt32 = 0
  /// The output slot, or -1 for an input.
  private var slot: Int32 = -1

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

  /// The tensor as it was saved.
  /// - Throws: ``AutogradError`` `.backwardTwice` if the graph was released, `.savedTensorModified` if
  ///   the memory was changed in place since.
  @inline(__always) func unpack(_ node: Node) throws -> Tensor {
    guard let tensor = try unpackOptional(node) else {
      throw AutogradError(.backwardTwice, "\(node.name): a saved tensor is missing")
    }
    return tensor
  }

  /// The tensor as it was saved, or nil if there was none.
  /// - Throws: as ``unpack(_:)``.
  @inline(__always) func unpackOptional(_ node: Node) throws -> Tensor? {
    let consumer = BackwardPass.consuming
    ck_lock(&node.lock)
    let isTaken = consumer != 0 && node.consumer != 0 && node.consumer != consumer
    let released = node.isReleased || isTaken
    let saved = released ? nil : tensor
    if saved?.array.storage.version == version && consumer != 0 { node.consumer = consumer }
    ck_unlock(&node.lock)
    if released { throw Self.releasedError(node) }
    guard let saved else { return nil }
    if saved.array.storage.version != version { throw modifiedError(node, saved) }
    if slot >= 0 && Modes.recording {
      return Tensor(saved.array, node: node, slot: Int(slot))
    }
    return saved
  }

  mutating func release() { tensor = nil }

  private static func releasedError(_ node: Node) -> AutogradError {
    AutogradError(
      .backwardTwice,
      "\(node.name): the graph was already used by a backward pass, which dropped its saved tensors; "
        + "pass retainGraph: true to the first backward to use it again")
  }

  private func modifiedError(_ node: Node, _ saved: Tensor) -> AutogradError {
    let role = slot >= 0 ? "output \(slot)" : "an input"
    return AutogradError(
      .savedTensorModified,
      "\(node.name): \(role) of type \(saved.dtype) and shape \(saved.shape), needed for the gradient, "
        + "was modified in place: version \(saved.array.storage.version), expected \(version)")
  }
}
