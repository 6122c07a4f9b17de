import SounderArray
import SounderAutograd

/// Self-attention with several heads (Vaswani et al., 2017), `[batch, length, width]` to the same shape.
///
/// Every head attends with its own `width / heads` numbers of query, key and value; scores are
/// divided by √(width / heads). A causal layer lets no element see those after it.
public final class MultiHeadAttention: Module {
  /// The maps to queries, keys and values, one below the other, `[3 · width, width]`.
  public let inProjection: Tensor
  /// What is added to queries, keys and values.
  public let inProjectionBias: Tensor?
  /// The map of the joined heads.
  public let outProjection: Linear
  /// The number of heads.
  public let heads: Int
  /// Whether elements see only themselves and those before them.
  public let isCausal: Bool
  private let dropout: Dropout?
  private let initializer: Initializer

  /// Attention over vectors of `width` numbers, which `heads` must divide.
  ///
  /// - Parameters:
  ///   - dropout: The probability with which an attention weight is dropped in training.
  ///   - initializer: Draws the maps to queries, keys and values.
  ///   - outInitializer: Draws the map of the joined heads; nil for ``Linear``'s default.
  public init(
    _ width: Int, heads: Int, isCausal: Bool = false, bias: Bool = true, dropout: Double = 0,
    dtype: DType = .float32, initializer: Initializer = .xavierUniform(),
    outInitializer: Initializer? = nil
  ) {
    require(
      heads > 0 && width % heads == 0,
      "MultiHeadAttention: a width of \(width) cannot be split into \(heads) heads")
    self.heads = heads
    self.isCausal = isCausal
    inProjection = .parameter(NDArray(uninitialized: [3 * width, width], dtype))
    inProjectionBias = bias ? .parameter(NDArray(uninitialized: [3 * width], dtype)) : nil
    outProjection = Linear(
      width, width, bias: bias, dtype: dtype, initializer: outInitializer)
    self.initializer = initializer
    self.dropout = dropout > 0 ? Dropout(dropout) : nil
    super.init()
    initializeNew([("in_proj_weight", inProjection), ("in_proj_bias", inProjectionBias)])
  }

  /// What every element finds in the elements it attends to.
  public override func forward(_ input: Tensor) -> Tensor {
    require(
      input.rank == 3 && input.shape[2] == inProjection.shape[1],
      "MultiHeadAttention: input \(input.shape), expected [batch, length, \(inProjection.shape[1])]"
    )
    let (batch, length, width) = (input.shape[0], input.shape[1], input.shape[2])
    let parts = input.linear(inProjection, bias: inProjectionBias).splitHeads(heads)
    let found = attend(parts.query, parts.key, parts.value)
    return outProjection(found.permute([0, 2, 1, 3]).reshape([batch, length, width]))
  }

  private func attend(_ query: Tensor, _ key: Tensor, _ value: Tensor) -> Tensor {
    guard isTraining, let dropout else {
      return query.scaledDotProductAttention(key, value, isCausal: isCausal)
    }
    return query.scaledDotProductAttention(
      key, value, dropoutP: dropout.probability, isCausal: isCausal,
      stream: RandomContext.stream(for: dropout.layer))
  }

  /// The name under which PyTorch stores a property.
  public override func stateName(of property: String) -> String {
    switch property {
    case "inProjection": "in_proj_weight"
    case "inProjectionBias": "in_proj_bias"
    case "outProjection": "out_proj"
    default: property
    }
  }

  /// Draws the initial values of a parameter: by default Xavier's bounds for the maps, zero for what is added.
  public override func initialize(
    _ name: String, _ values: NDArray, from stream: inout RandomStream
  ) {
    (name == "in_proj_weight" ? initializer : .constant(0))
      .fill(values, from: &stream)
  }
}
