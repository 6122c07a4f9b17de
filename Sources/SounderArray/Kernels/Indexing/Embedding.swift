import CKernels

extension Kernels {
  /// The rows of `weight` that the indices name: [*] gives [*, features].
  public static func embeddingLookup(
    _ weight: NDArray, _ indices: NDArray, _ paddingIdx: Int? = nil,
    _ scaleGradByFreq: Bool = false
  ) -> NDArray {
    require(weight.rank == 2, "embedding: the weight has shape \(weight.shape), not two dimensions")
    let rows = tableRows(weight.shape, indices, "embedding")
    let result = NDArray(
      uninitialized: indices.shape.inserting(weight.shape[1], at: indices.rank), weight.dtype)
    rows.take(from: weight.contiguous(), into: result)
    return result
  }

  /// The gradient of the weight: rows of `grad` added up by index, the padding index left out.
  public static func embeddingDenseBackward(
    _ grad: NDArray, _ indices: NDArray, _ numWeights: Int, _ paddingIdx: Int? = nil,
    out: NDArray? = nil
  ) -> NDArray {
    let width = grad.rank == 0 ? 1 : grad.shape[grad.rank - 1]
    require(
      grad.count == indices.count * width,
      "embedding_dense_backward: gradient \(grad.shape) does not fit indices \(indices.shape)")
    let rows = tableRows([numWeights, width], indices, "embedding_dense_backward")
    let isDirect = out.map { $0.isContiguous && $0.dtype == grad.dtype } ?? false
    let result = Elementwise.destination(
      isDirect ? out : nil, [numWeights, width], grad.dtype, inputs: grad,
      name: "embedding_dense_backward")
    result.fill(0)
    rows.add(grad.contiguous(), to: result, "embedding_dense_backward")
    if let paddingIdx, paddingIdx >= 0, paddingIdx < numWeights {
      select(result, 0, paddingIdx).fill(0)
    }
    return Elementwise.deliver(result, out, name: "embedding_dense_backward")
  }

  private static func tableRows(
    _ table: Shape, _ indices: NDArray, _ name: StaticString
  ) -> IndexedRows {
    IndexedRows(table, 0, reshape(indices, [indices.count]), name)
  }
}
