import SounderArray
import SounderAutograd

/// A table of vectors, looked up by index.
///
/// Input: integers of any shape; output: the same shape with a dimension of `width` added. The
/// vectors are drawn from the standard normal distribution.
public final class Embedding: Module {
  /// The table, `[count, width]`.
  public let weight: Tensor
  /// The index whose vector is zero and gets no gradient.
  public let paddingIndex: Int?
  private let initializer: Initializer

  /// A table of `count` vectors of `width` numbers.
  public init(
    _ count: Int, _ width: Int, paddingIndex: Int? = nil, dtype: DType = .float32,
    initializer: Initializer = .normal(mean: 0, deviation: 1)
  ) {
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
    input.embedding(weight, paddingIdx: paddingIndex)
  }

  /// Draws the initial values of a parameter.
  public override func initialize(
    _ name: String, _ values: NDArray, from stream: inout RandomStream
  ) {
    initializer.fill(values, from: &stream)
    if let paddingIndex { Kernels.select(values, 0, paddingIndex).fill(0) }
  }
}
