import SounderArray

/// A gradient of a table `[count, width]` that is zero but in some rows.
public struct RowGradient: Sendable {
  /// The rows that are not zero, ascending, each once.
  public let indices: [Int]
  /// Their values, `[indices.count, width]`, contiguous.
  public let rows: NDArray

  /// The gradient of a lookup: the gradients of equal indices added in the order in which they occur, as
  /// a dense gradient adds them.
  ///
  /// - Parameters:
  ///   - gradient: The gradient of the looked-up rows, `[*, width]`.
  ///   - lookups: The indices, `[*]`.
  ///   - paddingIndex: A row that gets no gradient.
  public init(_ gradient: NDArray, at lookups: NDArray, paddingIndex: Int? = nil) {
    let width = gradient.rank == 0 ? 1 : gradient.shape[gradient.rank - 1]
    let all = lookups.toArray(as: Int.self)
    let unique = Set(all).sorted()
    let places = Dictionary(uniqueKeysWithValues: zip(unique, 0...))
    let compact = NDArray(all.map { Int64(places[$0] ?? 0) }, shape: [all.count])
    let sums = Kernels.embeddingDenseBackward(
      Kernels.reshape(gradient.contiguous(), [all.count, width]), compact, unique.count)
    guard let paddingIndex, let place = places[paddingIndex] else {
      (indices, rows) = (unique, sums)
      return
    }
    let kept = unique.indices.filter { $0 != place }
    indices = kept.map { unique[$0] }
    rows = Kernels.embeddingLookup(sums, NDArray(kept.map(Int64.init), shape: [kept.count]))
  }
}

/// Takes the gradients of a table that shall never exist as a whole.
public protocol RowGradientSink: AnyObject {
  /// Takes the gradient of one lookup.
  func take(_ gradient: RowGradient) throws
}

extension Tensor {
  /// The rows of this table, `[count, width]`, at the given indices, `[*]` → `[*, width]`; in the backward
  /// pass their gradients go to `sink` and the table gets none.
  ///
  /// Time and memory of the backward pass are proportional to the rows looked up, not to the table. The
  /// gradient cannot be differentiated again.
  public func embeddingRows(
    _ indices: Tensor, paddingIndex: Int?, sink: any RowGradientSink
  ) -> Tensor {
    let result = Tensor(Kernels.embeddingLookup(array, indices.array))
    if isGradientEnabled && requiresGrad {
      EmbeddingRowsBackward(indices.array, paddingIndex, sink).attach(result)
    }
    return result
  }
}

private final class EmbeddingRowsBackward: Node {
  private let indices: NDArray
  private let paddingIndex: Int?
  private let sink: any RowGradientSink

  init(_ indices: NDArray, _ paddingIndex: Int?, _ sink: any RowGradientSink) {
    self.indices = indices
    self.paddingIndex = paddingIndex
    self.sink = sink
    super.init(edgeCount: 0)
  }

  override var name: String { "EmbeddingRowsBackward" }

  override func apply(_ pass: BackwardPass) throws {
    guard !isGradientEnabled else {
      throw AutogradError(
        .notImplemented,
        "\(name): second derivatives of a lookup with sparse gradients are not defined; "
          + "use sparse: false")
    }
    guard let gradient = pass.gradient(0)?.array else { return }
    try sink.take(RowGradient(gradient, at: indices, paddingIndex: paddingIndex))
  }
}
