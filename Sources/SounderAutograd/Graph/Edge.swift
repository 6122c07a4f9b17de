import SounderArray

/// Where the gradient of one input of a node goes: a node before it and the output slot there.
public struct Edge {
  /// The receiving node; nil if the input requires no gradient.
  public var node: Node?
  /// Which output of the receiving node the input was.
  public var slot: Int32

  @inline(__always) init(_ node: Node? = nil, slot: Int32 = 0) {
    self.node = node
    self.slot = slot
  }
}

/// What a node knows of one of its outputs: gradients that arrive there are made to fit.
struct SlotMetadata {
  var shape: Shape
  var dtype: DType
}
