import CKernels
import SounderArray

/// The end of a graph at a leaf: adds the gradients that arrive to the leaf's ``Tensor/grad``.
///
/// The leaf owns it and the graph owns it, but it does not own the leaf. It may have a *gradient
/// destination*: memory, for instance in a bucket shared with other ranks, where the operator that
/// produces the last contribution of a pass writes directly.
package final class GradientAccumulator: Node {
  private var accumulated: Tensor?
  private var guardWord: UInt32 = 0
  private var postHooks: [(id: Int, hook: () throws -> Void)] = []
  private var hookCounter = 0

  /// Where the gradient shall lie; used while ``gradient`` is nil.
  package var destination: NDArray?
  /// Where the factors of the gradient are kept instead of the gradient in ``destination``, if they are to be
  /// had; then what lies there has no meaning until this is asked for it.
  package var products: RowProducts?
  /// Called once a pass has delivered everything it has for this leaf, after the post-accumulate hooks.
  package var sink: ((GradientAccumulator) throws -> Void)?

  init(shape: Shape, dtype: DType) {
    super.init(leafOf: SlotMetadata(shape: shape, dtype: dtype))
  }

  package override var name: String { "AccumulateGrad" }

  /// The accumulated gradient.
  package var gradient: Tensor? {
    get { locked { accumulated } }
    set { locked { accumulated = newValue } }
  }

  var hasPostHooks: Bool { !postHooks.isEmpty }

  func addPostHook(_ hook: @escaping () throws -> Void) -> HookHandle {
    hookCounter += 1
    let id = hookCounter
    postHooks.append((id, hook))
    return HookHandle { [weak self] in self?.postHooks.removeAll { $0.id == id } }
  }

  /// The memory an operator may write the gradient into when its contribution is the only one.
  var freshDestination: GradientDestination? {
    guard let destination, hooks == nil, gradient == nil else { return nil }
    return GradientDestination(array: destination, products: hasPostHooks ? nil : products)
  }

  /// Adds one pass's gradient.
  ///
  /// The first is adopted if nobody else holds it, else copied; later ones are added in place to the
  /// same tensor, unless the gradient is itself part of a graph or may carry a tangent.
  func accumulate(_ incoming: inout Tensor?, createGraph: Bool) throws {
    guard var gradient = incoming.take() else { return }
    locked {
      if let current = accumulated {
        products?.giveBack(to: current.array)
        if createGraph || Modes.forward {
          accumulated = withGradient(enabled: createGraph) { current + gradient }
        } else {
          _ = Kernels.add(current.array, gradient.array, 1, out: current.array)
          current.incrementVersion()
        }
      } else if createGraph || Modes.forward {
        // A later pass may add in place to memory the seed or a saved tensor shares.
        accumulated = withGradient(enabled: createGraph) { gradient.clone() }
      } else if let destination {
        if gradient.array.pointer != destination.pointer {
          destination.copy(from: gradient.array)
        }
        accumulated = Tensor(destination)
      } else if isKnownUniquelyReferenced(&gradient) && gradient.ownsWholeStorage {
        accumulated = gradient
      } else {
        accumulated = Tensor(Kernels.clone(gradient.array))
      }
    }
    for entry in postHooks { try entry.hook() }
    try sink?(self)
  }

  @inline(__always) private func locked<Result>(_ body: () -> Result) -> Result {
    ck_lock(&guardWord)
    defer { ck_unlock(&guardWord) }
    return body()
  }
}

extension Tensor {
  /// Whether this dense tensor is the only user of its memory, so that it may be overwritten.
  var ownsWholeStorage: Bool { node == nil && array.isContiguous && array.hasUniqueStorage }
}
