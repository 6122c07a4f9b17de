import Testing

@testable import DerivativeGenerator

/// The generated registry rows.
@Suite struct EmittedRegistryTests {
  @Test("TG-04: A row has the parameters, what is saved and the samples")
  func clampRow() {
    let file = Declarations(
      """
      - func: clamp(Tensor self, Scalar? min=None, Scalar? max=None) -> Tensor
        doc: Limits.
        self: clampGradient(grad, self, min, max)
        result: auto_elementwise
        samples:
          - {self: {shape: [2, 3], low: -2, high: 2}, min: -0.5}
      """)
    #expect(file.errors == [])
    #expect(
      file.row == """
        private static func clampEntry() -> OperatorEntry {
          OperatorEntry(
            name: "clamp", overload: "",
            schema: "clamp(Tensor self, Scalar? min=None, Scalar? max=None) -> Tensor",
            documentation: "Limits.",
            parameters: [
              OperatorParameter("self", .tensor, isDifferentiable: true),
              OperatorParameter("min", .scalar, isOptional: true, defaultValue: .absent),
              OperatorParameter("max", .scalar, isOptional: true, defaultValue: .absent),
            ],
            savedValues: ["self", "min", "max"], hasReverse: true,
            hasForward: true, isComposite: false,
            isInPlace: false, isView: false,
            differentiableOutputs: [true],
            samples: [
              OperatorSample(["self": .tensor(SampleTensor(shape: [2, 3], low: -2.0, high: 2.0)), "min": .value(.scalar(.float(-0.5)))]),
            ]
          ) {
            arguments in
            let value0 = try arguments.value(0, as: Tensor.self)
            let value1 = try arguments.value(1, as: (Scalar?).self)
            let value2 = try arguments.value(2, as: (Scalar?).self)
            return [value0.clamp(min: value1, max: value2)]
          }
        }
        """)
  }

  @Test("A row of an operator on a list calls a static function")
  func catRow() {
    let file = Declarations(
      """
      - func: cat(Tensor[] tensors, int dim=0) -> Tensor
        doc: Joins.
        tensors: catGradients(grad, tensors.shapes, dim)
        samples:
          - {tensors: [[2, 3], [4, 3]]}
      """)
    #expect(file.errors == [])
    #expect(
      file.row == """
        private static func catEntry() -> OperatorEntry {
          OperatorEntry(
            name: "cat", overload: "",
            schema: "cat(Tensor[] tensors, int dim=0) -> Tensor",
            documentation: "Joins.",
            parameters: [
              OperatorParameter("tensors", .tensor, isList: true, isDifferentiable: true),
              OperatorParameter("dim", .int, defaultValue: .scalar(.int(0))),
            ],
            savedValues: ["tensors.shapes", "dim"], hasReverse: true,
            hasForward: false, isComposite: false,
            isInPlace: false, isView: false,
            differentiableOutputs: [true],
            samples: [
              OperatorSample(["tensors": .list([.tensor(SampleTensor(shape: [2, 3])), .tensor(SampleTensor(shape: [4, 3]))])]),
            ]
          ) {
            arguments in
            let value0 = try arguments.value(0, as: [Tensor].self)
            let value1 = try arguments.value(1, as: Int.self)
            return [Tensor.cat(value0, dim: value1)]
          }
        }
        """)
  }

  @Test("Several results are returned in a list")
  func layerNormRow() {
    let file = Declarations(
      """
      - func: native_layer_norm(Tensor input, Tensor? weight) -> (Tensor output, Tensor mean)
        doc: Normalises.
        input, weight: layerNormGradients(grad, input, weight, mean, needs)
        output_differentiability: [true, false]
      """)
    #expect(file.errors == [])
    #expect(
      file.row == """
        private static func nativeLayerNormEntry() -> OperatorEntry {
          OperatorEntry(
            name: "native_layer_norm", overload: "",
            schema: "native_layer_norm(Tensor input, Tensor? weight) -> (Tensor output, Tensor mean)",
            documentation: "Normalises.",
            parameters: [
              OperatorParameter("input", .tensor, isDifferentiable: true),
              OperatorParameter("weight", .tensor, isOptional: true, isDifferentiable: true),
            ],
            savedValues: ["input", "weight", "mean"], hasReverse: true,
            hasForward: false, isComposite: false,
            isInPlace: false, isView: false,
            differentiableOutputs: [true, false],
            samples: [
            ]
          ) {
            arguments in
            let value0 = try arguments.value(0, as: Tensor.self)
            let value1 = try arguments.value(1, as: (Tensor?).self)
            let results = value0.nativeLayerNorm(value1)
            return [results.0] + [results.1]
          }
        }
        """)
  }
}
