import Sounder

/// An operator with the inputs it is timed on; its description is all a twin needs to run the same.
struct OperatorCase: Encodable, Sendable {
  /// What a row of the table of targets is a median of.
  let family: String
  /// The operator's name in the registry, which is PyTorch's.
  let op: String
  /// Which of its inputs the case is about: `256 contiguous`.
  let what: String
  let inputs: [Input]
  var attributes: [String: Attribute] = [:]
  /// Whether gradients of all floating-point inputs are computed too.
  var hasBackward = true

  /// A tensor argument.
  struct Input: Encodable, Sendable {
    enum Layout: String, Encodable, Sendable { case contiguous, broadcast, transposed }

    let shape: [Int]
    var layout = Layout.contiguous
    var isMask = false
  }

  /// An argument that is no tensor.
  enum Attribute: Encodable, Sendable {
    case int(Int)
    case ints([Int])
    case bool(Bool)

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .int(let value): try container.encode(value)
      case .ints(let value): try container.encode(value)
      case .bool(let value): try container.encode(value)
      }
    }

    var argument: OperatorArgument {
      switch self {
      case .int(let value): .scalar(.int(value))
      case .ints(let value): .list(value.map { .scalar(.int($0)) })
      case .bool(let value): .scalar(.bool(value))
      }
    }
  }
}

extension OperatorCase.Input {
  /// Normal random numbers, or a random mask, in the wanted layout.
  func makeTensor(from stream: inout RandomStream) throws -> Tensor {
    let stored =
      switch layout {
      case .contiguous: shape
      case .broadcast: [shape[0]] + shape.dropFirst().map { _ in 1 }
      case .transposed: Array(shape.reversed())
      }
    let numbers = Tensor.randn(Shape(stored), from: &stream)
    let values = isMask ? numbers.gt(0) : numbers
    switch layout {
    case .contiguous: return values
    case .broadcast: return values.expand(shape)
    case .transposed: return values.t()
    }
  }
}

extension OperatorCase {
  /// The arguments of a call.
  ///
  /// Attributes go by name, and so does what follows the input of a layer norm, whose second parameter is
  /// no tensor.
  func arguments(
    _ inputs: [Tensor]
  ) -> (positional: [OperatorArgument], named: [String: OperatorArgument]) {
    var named = attributes.mapValues(\.argument)
    guard op == "nn.functional.layer_norm" else { return (inputs.map { .tensor($0) }, named) }
    named["weight"] = .tensor(inputs[1])
    named["bias"] = .tensor(inputs[2])
    return ([.tensor(inputs[0])], named)
  }

  /// Every case of the table of targets.
  static let all = elementwise + reductions + normalisations + products + convolutions + attention

  private static var elementwise: [OperatorCase] {
    let operands = [
      "add": 2, "mul": 2, "exp": 1, "tanh": 1, "nn.functional.gelu": 1, "where": 2,
    ]
    return operands.sorted { $0.key < $1.key }.flatMap { op, count in
      [16, 256, 2048].flatMap { side in
        [Input.Layout.contiguous, .broadcast, .transposed].map { layout in
          var inputs = [Input(shape: [side, side], layout: layout)]
          if count == 2 { inputs.append(Input(shape: [side, side])) }
          if op == "where" { inputs.insert(Input(shape: [side, side], isMask: true), at: 0) }
          return OperatorCase(
            family: side == 16 ? "elementwise, 256 floats" : "elementwise", op: op,
            what: "\(side * side) \(layout)", inputs: inputs, hasBackward: false)
        }
      }
    }
  }

  private static var reductions: [OperatorCase] {
    ["sum", "amax", "logsumexp", "var"].flatMap { op in
      [[256, 256], [1024, 1024], [64, 4096]].flatMap { shape in
        ["whole": [0, 1], "rows": [1], "columns": [0]].sorted { $0.key < $1.key }
          .map { what, dims in
            OperatorCase(
              family: "reductions", op: op, what: "\(what) \(shape)", inputs: [Input(shape: shape)],
              attributes: ["dim": .ints(dims)])
          }
      }
    }
  }

  private static var normalisations: [OperatorCase] {
    [[64, 1000], [1024, 128], [32, 64, 128]].flatMap { shape in
      let width = shape[shape.count - 1]
      let vector = Input(shape: [width])
      return [
        OperatorCase(
          family: "softmax, layer norm", op: "softmax", what: "\(shape)",
          inputs: [Input(shape: shape)], attributes: ["dim": .int(-1)]),
        OperatorCase(
          family: "softmax, layer norm", op: "nn.functional.layer_norm", what: "\(shape)",
          inputs: [Input(shape: shape), vector, vector],
          attributes: ["normalized_shape": .ints([width])]),
      ]
    }
  }

  private static var products: [OperatorCase] {
    [64, 128, 256, 512, 1024].flatMap { side in
      let square = Input(shape: [side, side])
      return [
        OperatorCase(
          family: "matmul, linear", op: "matmul", what: "\(side)", inputs: [square, square]),
        OperatorCase(
          family: "matmul, linear", op: "nn.functional.linear", what: "\(side)",
          inputs: [square, square, Input(shape: [side])]),
      ]
    }
  }

  private static var convolutions: [OperatorCase] {
    let cases = [
      ("LeNet 1", [32, 1, 28, 28], [6, 1, 5, 5], 2),
      ("LeNet 2", [32, 6, 14, 14], [16, 6, 5, 5], 0),
      ("ResNet-18 first stage", [32, 64, 56, 56], [64, 64, 3, 3], 1),
    ]
    return cases.map { what, input, weight, padding in
      OperatorCase(
        family: "conv2d", op: "nn.functional.conv2d", what: what,
        inputs: [Input(shape: input), Input(shape: weight), Input(shape: [weight[0]])],
        attributes: ["padding": .int(padding)])
    }
  }

  private static var attention: [OperatorCase] {
    [64, 256].flatMap { length in
      [false, true].map { isCausal in
        OperatorCase(
          family: "attention", op: "nn.functional.scaled_dot_product_attention",
          what: "T \(length)\(isCausal ? " causal" : "")",
          inputs: Array(repeating: Input(shape: [12, 4, length, 32]), count: 3),
          attributes: ["is_causal": .bool(isCausal)])
      }
    }
  }
}
