import SounderArray
import SounderAutograd
import SounderComm

/// Differentiable collectives: all ranks of the context call them in the same order, with equal
/// shapes and types.
///
/// Gradients are those of the sum of all ranks' roots: where every rank computes the same loss from
/// a collective's result, one rank alone gives it as its root, or each a share. Of each collective
/// the way back is its adjoint:
///
/// | forward | backward |
/// |---|---|
/// | y = Σₛ xₛ on every rank (`allReduce`) | the sum of all ranks' gradients, on every rank |
/// | y = x₀, x₁, … on every rank (`allGather`) | the sum of part r of all ranks' gradients, on rank r |
/// | yᵣ = Σₛ part r of xₛ (`reduceScatter`) | the gradients of all ranks, one after the other |
/// | y = x of the root (`broadcast`) | the sum of all ranks' gradients, on the root |
/// | yᵣ = part r of x₀, x₁, … (`allToAll`) | the same exchange |
///
/// Parts are cut along the first dimension. Reductions take float32, float64, complex64 and
/// complex128, and int64 outside graphs. Each throws ``DistributedAutogradError``, on all ranks,
/// when one of them fails, calls another collective or does not come.
extension AutogradContext {
  /// The sum, or mean, of the tensors of all ranks, in the shape of each.
  public func allReduce(_ tensor: Tensor, _ operation: ReduceOperation = .sum) throws -> Tensor {
    requireLinear(operation, "allReduce")
    return try collective(.allReduce, tensor, operation)
  }

  /// The tensors of all ranks one after the other along the first dimension: `[n, …]` becomes
  /// `[size × n, …]`.
  public func allGather(_ tensor: Tensor) throws -> Tensor { try collective(.allGather, tensor) }

  /// This rank's part of the sum, or mean, of the tensors of all ranks: `[size × n, …]` becomes
  /// `[n, …]`.
  public func reduceScatter(_ tensor: Tensor, _ operation: ReduceOperation = .sum) throws -> Tensor
  {
    requireLinear(operation, "reduceScatter")
    requireParts(tensor, "reduceScatter")
    return try collective(.reduceScatter, tensor, operation)
  }

  /// The tensor of rank `root`; those of the other ranks only give the shape and type.
  public func broadcast(_ tensor: Tensor, root: Int) throws -> Tensor {
    require(root >= 0 && root < size, "broadcast: there is no rank \(root) in a group of \(size)")
    return try collective(.broadcast, tensor, root: root)
  }

  /// Part `rank` of the tensors of all ranks, one after the other: `[size × n, …]` keeps its shape.
  public func allToAll(_ tensor: Tensor) throws -> Tensor {
    requireParts(tensor, "allToAll")
    return try collective(.allToAll, tensor)
  }

  private func collective(
    _ kind: CollectiveCall.Kind, _ tensor: Tensor, _ operation: ReduceOperation = .sum,
    root: Int = 0
  ) throws -> Tensor {
    try perform("\(kind)") {
      let call = CollectiveCall(
        kind: kind, operation: operation, dtype: tensor.dtype, shape: tensor.shape, root: root)
      let sequence = nextCollective()
      let isOperand = kind != .broadcast || rank == root
      let requiresGrad = isOperand && isGradientEnabled && tensor.requiresGrad
      let exchange = CollectiveExchange(context: self, call: call, number: sequence << 1)
      let outcome = try exchange.run(tensor.array, requiresGrad: requiresGrad)
      guard let array = outcome.array else {
        fatalError("\(kind): no result on rank \(rank)")
      }
      let result = Tensor(array)
      guard outcome.requiresGrad else { return result }
      // Recorded on all ranks if any needs it: all must take part in the way back.
      let node = CollectiveBackward(
        self, call, sequence, input: requiresGrad ? tensor : nil, output: array.shape)
      record(node)
      if isGradientEnabled { node.attach(result) }
      return result
    }
  }

  private func requireLinear(_ operation: ReduceOperation, _ name: String) {
    require(
      operation == .sum || operation == .mean, "\(name): \(operation) is not differentiable here")
  }

  private func requireParts(_ tensor: Tensor, _ name: String) {
    require(
      tensor.rank > 0 && tensor.shape[0] % size == 0,
      "\(name): the first dimension of \(tensor.shape) cannot be cut into \(size) equal parts")
  }
}
