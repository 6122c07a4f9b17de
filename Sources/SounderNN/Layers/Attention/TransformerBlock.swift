import SounderAutograd

/// Attention and a two-layer perceptron, each added to its input after a normalisation of it.
///
/// The pre-norm form of GPT-2: x + attention(norm(x)), then x + mlp(norm(x)), where the perceptron is
/// four times as wide as the block and has GELU in between.
public final class TransformerBlock: Module {
  /// The normalisation before the attention.
  public let attentionNorm: LayerNorm
  /// The attention.
  public let attention: MultiHeadAttention
  /// The normalisation before the perceptron.
  public let perceptronNorm: LayerNorm
  /// The perceptron's first map.
  public let expansion: Linear
  /// The perceptron's second map.
  public let projection: Linear
  private let attentionDropout: Dropout?
  private let perceptronDropout: Dropout?

  /// A block for vectors of `width` numbers.
  ///
  /// - Parameters:
  ///   - initializer: Draws the maps that read the residual stream; nil for the layers' defaults.
  ///   - residualInitializer: Draws the maps that write to it.
  public init(
    _ width: Int, heads: Int, isCausal: Bool = true, bias: Bool = true, dropout: Double = 0,
    initializer: Initializer? = nil, residualInitializer: Initializer? = nil
  ) {
    attentionNorm = LayerNorm([width], bias: bias)
    attention = MultiHeadAttention(
      width, heads: heads, isCausal: isCausal, bias: bias, dropout: dropout,
      initializer: initializer ?? .xavierUniform(), outInitializer: residualInitializer)
    perceptronNorm = LayerNorm([width], bias: bias)
    expansion = Linear(width, 4 * width, bias: bias, initializer: initializer)
    projection = Linear(4 * width, width, bias: bias, initializer: residualInitializer)
    attentionDropout = dropout > 0 ? Dropout(dropout) : nil
    perceptronDropout = dropout > 0 ? Dropout(dropout) : nil
  }

  /// The block's function, `[batch, length, width]` to the same shape.
  public override func forward(_ input: Tensor) -> Tensor {
    let found = attention(attentionNorm(input))
    let middle = input + (attentionDropout.map { $0(found) } ?? found)
    let made = projection(expansion(perceptronNorm(middle)).gelu())
    return middle + (perceptronDropout.map { $0(made) } ?? made)
  }

  /// The name under which nanoGPT stores a property.
  public override func stateName(of property: String) -> String {
    switch property {
    case "attentionNorm": "ln_1"
    case "attention": "attn"
    case "perceptronNorm": "ln_2"
    case "expansion": "mlp.c_fc"
    case "projection": "mlp.c_proj"
    default: property
    }
  }
}
