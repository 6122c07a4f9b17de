import SounderArray

@testable import SounderAutograd

/// A node whose backward function is a closure.
final class ClosureNode: Node {
  private let body: (BackwardPass) throws -> Void

  init(edgeCount: Int, _ body: @escaping (BackwardPass) throws -> Void) {
    self.body = body
    super.init(edgeCount: edgeCount)
  }

  override var name: String { "ClosureBackward" }

  override func apply(_ pass: BackwardPass) throws { try body(pass) }
}

extension Tensor {
  /// The elements of `value` as the result of a closure node over the inputs.
  static func recorded(
    _ value: Tensor, from inputs: [Tensor], backward: @escaping (BackwardPass) throws -> Void
  ) -> Tensor {
    let node = ClosureNode(edgeCount: inputs.count, backward)
    for (index, input) in inputs.enumerated() { node.connect(index, input) }
    let result = Tensor(value.array)
    node.attach(result)
    return result
  }
}

/// A leaf of float64 numbers that requires a gradient.
func leaf(_ values: Double..., shape: Shape? = nil) throws -> Tensor {
  try Tensor(values, shape: shape ?? [values.count]).requiresGrad()
}

/// A constant of float64 numbers.
func constant(_ values: Double...) -> Tensor { Tensor(values) }

/// What a test writes down in closures.
final class Journal<Element> {
  var entries: [Element] = []
  func note(_ element: Element) { entries.append(element) }
}

/// The kind of the autograd error `body` throws; nil if it throws none.
func errorKind(_ body: () throws -> Void) -> AutogradError.Kind? {
  do { try body() } catch { return (error as? AutogradError)?.kind }
  return nil
}
