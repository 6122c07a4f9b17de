import Testing

@testable import DerivativeGenerator

/// The generated graph nodes of one operator of each kind.
@Suite struct EmittedNodeTests {
  @Test("TG-03: A product: each factor is saved only for the other's gradient")
  func mul() {
    let file = Declarations(
      """
      - func: mul.Tensor(Tensor self, Tensor other) -> Tensor
        doc: Multiplies.
        self: grad * other
        other: grad * self
        result: selfT * otherP + selfP * otherT
      """)
    #expect(file.errors == [])
    #expect(
      file.node == """
        /// The derivative of `mul.Tensor`.
        final class MulTensorBackward: Node {
          private var other: SavedTensor
          private var self_: SavedTensor

          init(other: SavedTensor, self_: SavedTensor) {
            self.other = other
            self.self_ = self_
            super.init(edgeCount: 2)
          }

          override var eventName: EventName { "MulTensorBackward" }

          override var savedNames: [String] { ["other", "self"] }

          override func apply(_ pass: BackwardPass) throws {
            guard let grad = pass.gradient(0) else { return }
            if pass.needs(0) {
              let other = try unpack(self.other)
              pass.send(0, grad * other)
            }
            if pass.needs(1) {
              let self_ = try unpack(self.self_)
              pass.send(1, grad * self_)
            }
          }

          override func releaseSaved() {
            other.release()
            self_.release()
          }
        }
        """)
  }

  @Test("A sum keeps a shape, not the tensor")
  func sum() {
    let file = Declarations(
      """
      - func: sum.dim_IntList(Tensor self, int[]? dim=None, *, ScalarType? dtype=None) -> Tensor
        doc: Sums.
        self: expandReduced(grad, self.shape, dim)
        result: auto_linear
      """)
    #expect(file.errors == [])
    #expect(
      file.node == """
        /// The derivative of `sum.dim_IntList`.
        final class SumDimIntListBackward: Node {
          private let selfShape: Shape
          private let dim: [Int]?

          init(selfShape: Shape, dim: [Int]?) {
            self.selfShape = selfShape
            self.dim = dim
            super.init(edgeCount: 1)
          }

          override var eventName: EventName { "SumDimIntListBackward" }

          override var savedNames: [String] { ["self.shape", "dim"] }

          override func apply(_ pass: BackwardPass) throws {
            guard let grad = pass.gradient(0) else { return }
            if pass.needs(0) {
              pass.send(0, expandReduced(grad, selfShape, dim))
            }
          }
        }
        """)
  }

  @Test("TG-02: A group of gradients is computed by one formula")
  func layerNorm() {
    let file = Declarations(
      """
      - func: native_layer_norm(Tensor input, Tensor? weight) -> (Tensor output, Tensor mean)
        doc: Normalises.
        input, weight: layerNormGradients(grad, input, weight, mean, needs)
        output_differentiability: [true, false]
      """)
    #expect(file.errors == [])
    #expect(
      file.node == """
        /// The derivative of `native_layer_norm`.
        final class NativeLayerNormBackward: Node {
          private var input: SavedTensor
          private var weight: SavedTensor
          var mean = SavedTensor()

          init(input: SavedTensor, weight: SavedTensor) {
            self.input = input
            self.weight = weight
            super.init(edgeCount: 2)
          }

          override var eventName: EventName { "NativeLayerNormBackward" }

          override var savedNames: [String] { ["input", "weight", "mean"] }

          override func apply(_ pass: BackwardPass) throws {
            guard let grad = pass.gradient(0) else { return }
            if pass.needs(0) || pass.needs(1) {
              let input = try unpack(self.input)
              let weight = try unpackOptional(self.weight)
              let mean = try unpack(self.mean)
              let inputGradients: (Tensor?, Tensor?) = layerNormGradients(grad, input, weight, mean, (input: pass.needs(0), weight: pass.needs(1)))
              pass.send(0, inputGradients.0)
              pass.send(1, inputGradients.1)
            }
          }

          override func releaseSaved() {
            input.release()
            weight.release()
            mean.release()
          }
        }
        """)
  }

  @Test("A list of tensors has as many edges as tensors")
  func cat() {
    let file = Declarations(
      """
      - func: cat(Tensor[] tensors, int dim=0) -> Tensor
        doc: Joins.
        tensors: catGradients(grad, tensors.shapes, dim)
        result: Tensor.cat(tensorsT, dim)
      """)
    #expect(file.errors == [])
    #expect(
      file.node == """
        /// The derivative of `cat`.
        final class CatBackward: Node {
          private let tensorsShapes: [Shape]
          private let dim: Int
          private let tensorsCount: Int

          init(tensorsShapes: [Shape], dim: Int, tensorsCount: Int) {
            self.tensorsShapes = tensorsShapes
            self.dim = dim
            self.tensorsCount = tensorsCount
            super.init(edgeCount: tensorsCount)
          }

          override var eventName: EventName { "CatBackward" }

          override var savedNames: [String] { ["tensors.shapes", "dim"] }

          override func apply(_ pass: BackwardPass) throws {
            guard let grad = pass.gradient(0) else { return }
            if (0..<tensorsCount).contains(where: { pass.needs($0) }) {
              let inputGradients: [Tensor?] = catGradients(grad, tensorsShapes, dim)
              for (index, gradient) in inputGradients.enumerated() {
                pass.send(index, gradient)
              }
            }
          }
        }
        """)
  }

  @Test("A formula may write into the gradient's destination")
  func linear() {
    let file = Declarations(
      """
      - func: linear(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor
        doc: Maps.
        input: grad.mm(weight)
        weight: "product(grad.t(), input, into: destination)"
        bias: biasGradient(grad, bias?.shape)
      """)
    #expect(file.errors == [])
    #expect(
      file.node == """
        /// The derivative of `linear`.
        final class LinearBackward: Node {
          private var weight: SavedTensor
          private var input: SavedTensor
          private let biasShape: Shape?

          init(weight: SavedTensor, input: SavedTensor, biasShape: Shape?) {
            self.weight = weight
            self.input = input
            self.biasShape = biasShape
            super.init(edgeCount: 3)
          }

          override var eventName: EventName { "LinearBackward" }

          override var savedNames: [String] { ["weight", "input", "bias.shape"] }

          override func apply(_ pass: BackwardPass) throws {
            guard let grad = pass.gradient(0) else { return }
            if pass.needs(0) {
              let weight = try unpack(self.weight)
              pass.send(0, grad.mm(weight))
            }
            if pass.needs(1) {
              let input = try unpack(self.input)
              pass.send(1, product(grad.t(), input, into: pass.destination(1)))
            }
            if pass.needs(2) {
              pass.send(2, biasGradient(grad, biasShape))
            }
          }

          override func releaseSaved() {
            weight.release()
            input.release()
          }
        }
        """)
  }

  @Test("TG-13: An operator in place saves its result after the change")
  func relu() {
    let file = Declarations(
      """
      - func: relu(Tensor self) -> Tensor
        doc: Rectifies.
        self: grad.thresholdBackward(result, 0)
        result: auto_elementwise
        inplace: true
      """)
    #expect(file.errors == [])
    #expect(
      file.node == """
        /// The derivative of `relu`.
        final class ReluBackward: Node {
          var result = SavedTensor()

          init() {
            super.init(edgeCount: 1)
          }

          override var eventName: EventName { "ReluBackward" }

          override var savedNames: [String] { ["result"] }

          override func apply(_ pass: BackwardPass) throws {
            guard let grad = pass.gradient(0) else { return }
            if pass.needs(0) {
              let result = try unpack(self.result)
              pass.send(0, grad.thresholdBackward(result, 0))
            }
          }

          override func releaseSaved() {
            result.release()
          }
        }
        """)
  }

  @Test("TG-07: A node with gradients of several results gets them as optionals")
  func grads() {
    let file = Declarations(
      """
      - func: frexp(Tensor self) -> (Tensor, Tensor)
        doc: Splits.
        self: combine(grads[0], grads[1])
      """)
    #expect(file.errors == [])
    #expect(
      file.node == """
        /// The derivative of `frexp`.
        final class FrexpBackward: Node {
          init() {
            super.init(edgeCount: 1)
          }

          override var eventName: EventName { "FrexpBackward" }

          override func apply(_ pass: BackwardPass) throws {
            let grad0 = pass.gradient(0)
            let grad1 = pass.gradient(1)
            if grad0 == nil && grad1 == nil { return }
            if pass.needs(0) {
              pass.send(0, combine(grad0, grad1))
            }
          }
        }
        """)
  }
}
