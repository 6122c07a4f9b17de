import SounderArray
import SounderAutograd

/// A table of vectors, looked up by index.
///
/// Input: integers of any shape; output: the same shape with a dimension of `width` added. The
/// vectors are drawn from the standard normal distribution.
///
/// With `sparse`, a parallel job computes, adds up and applies the gradients of the rows that were looked up
/// and nothing else: the optimiser leaves the other rows alone, momentum, moments and decay included
/// ("lazy" momentum and Adam). Plain gradient descent without decay gives the same bits as with a dense
/// gradient. Outside a parallel job the gradient is dense.
public final class Embedding: Module {
  /// The table, `[count, width]`.
  public let weight: Tensor
  /// The index whose vector is zero and gets no gradient.
  public let paddingIndex: Int?
  /// Whether only the rows that were looked up are updated.
  public let sparse: Bool
  /// Where the gradients of rows go; nil outside a parallel job.
  package var sink: (any RowGradientSink)?
  private let initializer: Initializer

  /// A table of `count` vectors of `width` numbers.
  public init(
    _ count: Int, _ width: Int, paddingIndex: Int? = nil, dtype: DType = .float32,
    initializer: Initializer = .normal(mean: 0, deviation: 1), sparse: Bool = false
  ) {
    self.sparse = sparse
    self.initializer = initializer
    require(
      paddingIndex.map { (0..<count).contains($0) } ?? true,
      "Embedding: padding index \(paddingIndex ?? 0) is outside a table of \(count)")
    weight = .parameter(NDArray(uninitialized: [count, width], dtype))
    self.paddingIndex = paddingIndex
    super.init()
    initializeNew([("weight", weight)])
  }

  /// The rows of the table at the given indices, `[*]` → `[*, width]`.
  public override func forward(_ input: Tensor) -> Tensor {
    guard let sink, isTraining else { return input.embedding(weight, paddingIdx: paddingIndex) }
    return weight.embeddingRows(input, paddingIndex: paddingIndex, sink: sink)
  }

  /// Draws the initial values of a parameter.
  public override func initialize(
    _ name: String, _ values: NDArray, from stream: inout RandomStream
  ) {
    initializer.fill(values, from: &stream)
    if let paddingIndex { Kernels.select(values, 0, paddingIndex).fill(0) }
  }
}

extension Module {
  /// The tables whose gradients are sparse, with their names.
  package final var sparseTables: [(name: String, table: Embedding)] {
    var found: [(name: String, table: Embedding)] = []
    walk { module, name, _ in
      guard let table = module as? Embedding, table.sparse, table.weight.requiresGrad else {
        return
      }
      found.append((name + "weight", table))
    }
    return found
  }
}
