import SounderArray

/// Removes a hook when asked to.
public final class HookHandle: @unchecked Sendable {
  // @unchecked: hooks are registered and removed by the thread that owns the tensor.
  private var action: (() -> Void)?

  init(_ action: @escaping () -> Void) { self.action = action }

  /// Takes the hook away; later calls do nothing.
  public func remove() {
    action?()
    action = nil
  }
}

/// The hooks of one node, allocated with the first of them.
final class NodeHooks {
  typealias TensorHook = (Tensor) throws -> Tensor?

  private var tensorHooks: [(id: Int, slot: Int, hook: TensorHook)] = []
  private var retained: [(slot: Int, tensor: WeakTensor)] = []
  private var counter = 0

  var hasTensorHooks: Bool { !tensorHooks.isEmpty }

  func addTensorHook(slot: Int, _ hook: @escaping TensorHook) -> HookHandle {
    counter += 1
    let id = counter
    tensorHooks.append((id, slot, hook))
    return HookHandle { [weak self] in self?.tensorHooks.removeAll { $0.id == id } }
  }

  func retain(_ tensor: Tensor, slot: Int) {
    retained.removeAll { $0.tensor.value === tensor || $0.tensor.value == nil }
    retained.append((slot, WeakTensor(value: tensor)))
  }

  /// Runs the hooks on the gradient of one slot, in the order of registration, then keeps it for
  /// tensors that asked for it.
  func run(
    slot: Int, _ gradient: Tensor, _ node: Node, _ coordination: PassCoordination?
  ) throws -> Tensor {
    var current = gradient
    for entry in tensorHooks where entry.slot == slot {
      guard let replacement = try entry.hook(current) else { continue }
      guard replacement.shape == current.shape else {
        throw AutogradError(
          .hookShape,
          "a hook on an output of \(node.name) returned shape \(replacement.shape) for a gradient of "
            + "shape \(current.shape)")
      }
      guard replacement.dtype == current.dtype else {
        throw AutogradError(
          .hookDtype,
          "a hook on an output of \(node.name) returned \(replacement.dtype) for a gradient of type "
            + "\(current.dtype)")
      }
      current = replacement
    }
    for entry in retained where entry.slot == slot {
      guard let tensor = entry.tensor.value else { continue }
      if let coordination {
        coordination.stage(current, for: tensor)
      } else {
        tensor.retain(current, createGraph: Modes.recording)
      }
    }
    return current
  }
}

extension Tensor {
  /// Adds to the gradient of a tensor that is not a leaf.
  ///
  /// The first is copied, because it may be the seed of the user or the gradient of another tensor.
  func retain(_ gradient: Tensor, createGraph: Bool) {
    let extras = ensureExtras()
    extras.retainedGrad = withGradient(enabled: createGraph) {
      extras.retainedGrad.map { $0 + gradient } ?? gradient.clone()
    }
  }
}

struct WeakTensor {
  weak var value: Tensor?
}
