import SounderArray
import SounderAutograd

/// A collective's way back: its adjoint, in which all ranks take part, with or without a gradient.
final class CollectiveBackward: CommunicationNode {
  private let call: CollectiveCall
  private let output: Shape

  /// The numbers of collectives, apart from those of messages.
  static let firstNumber: UInt64 = 0xffff << 48

  /// - Parameters:
  ///   - input: The operand if it requires a gradient.
  ///   - output: The shape of the result.
  init(
    _ context: AutogradContext, _ call: CollectiveCall, _ sequence: UInt64, input: Tensor?,
    output: Shape
  ) {
    self.call = call
    self.output = output
    super.init(context, number: CollectiveBackward.firstNumber | sequence, input: input)
  }

  override var name: String {
    switch call.kind {
    case .allReduce: "AllReduceBackward"
    case .allGather: "AllGatherBackward"
    case .reduceScatter: "ReduceScatterBackward"
    case .broadcast: "BroadcastBackward"
    case .reduce: "ReduceBackward"
    case .allToAll: "AllToAllBackward"
    }
  }

  override func apply(_ pass: BackwardPass) throws {
    try checkPass(pass)
    let sequence = number & ~CollectiveBackward.firstNumber
    let exchange = CollectiveExchange(
      context: context, call: call.adjoint(output: output), number: sequence << 1 | 1,
      edge: number)
    let result = try exchange.run(pass.gradient(0)?.array)
    guard pass.needs(0), let array = result.array else { return }
    let isMean = call.kind == .reduceScatter && call.operation == .mean
    pass.send(0, isMean ? Tensor(array) / Double(context.size) : Tensor(array))
  }
}
