import SounderArray

@testable import SounderAutograd

/// A way to lay out the elements of an operator's argument: a dense base and a view of it.
enum OperatorLayout: String, CaseIterable {
  case transposed
  case strided
  case expanded

  /// A dense tensor from which ``view(_:of:)`` makes one of the shape of `tensor`, with the same elements
  /// but for `expanded`, which repeats the first row.
  func base(_ tensor: Tensor) -> Tensor {
    if tensor.rank == 0 { return tensor }
    switch self {
    case .transposed: return tensor.permute(reversed(tensor)).clone()
    case .strided: return Tensor.stack([tensor, tensor.zerosLike()], dim: -1).clone()
    case .expanded: return tensor.slice(dim: 0, start: 0, end: 1).clone()
    }
  }

  /// The view of `base`, which may be a leaf, a dual or perturbed, in place of `tensor`.
  func view(_ base: Tensor, of tensor: Tensor) -> Tensor {
    if tensor.rank == 0 { return base }
    switch self {
    case .transposed: return base.permute(reversed(tensor))
    case .strided: return base.select(-1, 0)
    case .expanded: return base.expand(Array(tensor.shape))
    }
  }

  private func reversed(_ tensor: Tensor) -> [Int] { Array((0..<tensor.rank).reversed()) }
}
