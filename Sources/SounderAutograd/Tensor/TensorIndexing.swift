import SounderArray

/// What may stand between the brackets of a tensor's subscript.
///
/// Numbers select, ranges slice, `.ellipsis` and `.newAxis` are PyTorch's `...` and `None`; tensors of
/// integers pick, tensors of truth values mask.
///
/// ```swift
/// let x = Tensor.zeros([4, 5, 6])
/// x[1]                          // [5, 6]
/// x[0..<2, .ellipsis, -1]       // [2, 5]
/// x[.newAxis, .slice(step: 2)]  // [1, 2, 5, 6]
/// x[[0, 3]]                     // [2, 5, 6]
/// x[x.gt(0)] = Tensor(scalar: 1)
/// ```
public protocol TensorIndexing {
  /// The index as a value.
  var tensorIndex: TensorIndex { get }
}

extension TensorIndex: TensorIndexing {
  /// The index itself.
  public var tensorIndex: TensorIndex { self }
}

/// What a subscript spells with a leading dot: `.ellipsis`, `.newAxis`, `.slice(…)`.
public struct SubscriptWord: TensorIndexing {
  /// The index it stands for.
  public let tensorIndex: TensorIndex
}

extension TensorIndexing where Self == SubscriptWord {
  /// All dimensions that are not named.
  public static var ellipsis: SubscriptWord { SubscriptWord(tensorIndex: .ellipsis) }
  /// A new dimension of extent 1.
  public static var newAxis: SubscriptWord { SubscriptWord(tensorIndex: .newAxis) }
  /// Every step-th index from `start` up to `stop`; both may be absent or count from the end.
  public static func slice(
    _ start: Int? = nil, _ stop: Int? = nil, step: Int = 1
  ) -> SubscriptWord {
    SubscriptWord(tensorIndex: .slice(start: start, stop: stop, step: step))
  }
}

extension Int: TensorIndexing {
  /// One index, counted from the end if negative.
  public var tensorIndex: TensorIndex { .index(self) }
}

extension Range<Int>: TensorIndexing {
  /// The indices of the range.
  public var tensorIndex: TensorIndex {
    .slice(start: lowerBound, stop: upperBound, step: 1)
  }
}

extension ClosedRange<Int>: TensorIndexing {
  /// The indices of the range.
  public var tensorIndex: TensorIndex {
    .slice(start: lowerBound, stop: upperBound == -1 ? nil : upperBound + 1, step: 1)
  }
}

extension PartialRangeFrom<Int>: TensorIndexing {
  /// The indices from a start.
  public var tensorIndex: TensorIndex { .slice(start: lowerBound, stop: nil, step: 1) }
}

extension PartialRangeUpTo<Int>: TensorIndexing {
  /// The indices up to an end, which may count from the end.
  public var tensorIndex: TensorIndex { .slice(start: nil, stop: upperBound, step: 1) }
}

extension PartialRangeThrough<Int>: TensorIndexing {
  /// The indices through a last one.
  public var tensorIndex: TensorIndex {
    .slice(start: nil, stop: upperBound == -1 ? nil : upperBound + 1, step: 1)
  }
}

extension Tensor: TensorIndexing {
  /// Indices, or a mask of truth values.
  public var tensorIndex: TensorIndex { .tensor(self) }
}

extension [Int]: TensorIndexing {
  /// A list of indices.
  public var tensorIndex: TensorIndex { .tensor(Tensor(self)) }
}
