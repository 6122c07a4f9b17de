import SounderArray
import SounderAutograd

/// A language model: it predicts each token of a sequence from those before it.
///
/// The architecture of GPT-2 (Radford et al., 2019) as nanoGPT builds it: token and position
/// embeddings, causal ``TransformerBlock``s, a last normalisation, and a head that shares its matrix
/// with the token embedding. Weights are drawn from N(0, 0.02); those that write into the residual
/// stream from N(0, 0.02 / √(2 · depth)).
public final class GPT: Module {
  /// The vectors of the tokens, which are also the head's matrix if the head is tied.
  public let tokens: Embedding
  /// The vectors of the positions.
  public let positions: Embedding
  /// The blocks, first to last.
  public let blocks: [TransformerBlock]
  /// The normalisation before the head.
  public let norm: LayerNorm
  /// The head; nil if it shares the token embedding's matrix.
  public let head: Linear?
  private let dropout: Dropout?

  /// A model of sequences of at most `length` tokens out of `vocabulary`.
  ///
  /// - Parameter tiesHead: Whether the head shares the token embedding's matrix.
  public init(
    vocabulary: Int, length: Int, width: Int, depth: Int, heads: Int, bias: Bool = false,
    dropout: Double = 0, tiesHead: Bool = true
  ) {
    let initializer = Initializer.normal(mean: 0, deviation: 0.02)
    let residual = Initializer.normal(
      mean: 0, deviation: 0.02 / Double(2 * max(depth, 1)).squareRoot())
    tokens = Embedding(vocabulary, width, initializer: initializer)
    positions = Embedding(length, width, initializer: initializer)
    self.dropout = dropout > 0 ? Dropout(dropout) : nil
    blocks = (0..<depth).map { _ in
      TransformerBlock(
        width, heads: heads, bias: bias, dropout: dropout, initializer: initializer,
        residualInitializer: residual)
    }
    norm = LayerNorm([width], bias: bias)
    head = tiesHead ? nil : Linear(width, vocabulary, bias: false, initializer: initializer)
  }

  /// The longest sequence.
  public var length: Int { positions.weight.shape[0] }

  /// The scores of every token's successor, `[batch, length]` → `[batch, length, vocabulary]`.
  public override func forward(_ input: Tensor) -> Tensor {
    require(
      input.rank == 2 && input.shape[1] <= length,
      "GPT: input \(input.shape), expected [batch, at most \(length) tokens]")
    var value =
      tokens(input) + positions.weight.slice(dim: 0, start: 0, end: input.shape[1])
    if let dropout { value = dropout(value) }
    for block in blocks { value = block(value) }
    value = norm(value)
    return head.map { $0(value) } ?? value.linear(tokens.weight)
  }

  /// The name under which nanoGPT stores a property.
  public override func stateName(of property: String) -> String {
    switch property {
    case "tokens": "wte"
    case "positions": "wpe"
    case "blocks": "h"
    case "norm": "ln_f"
    case "head": "lm_head"
    default: property
    }
  }
}
