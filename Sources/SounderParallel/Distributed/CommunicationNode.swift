import SounderArray
import SounderAutograd

/// This rank's end of an edge between ranks.
class CommunicationNode: Node {
  let context: AutogradContext
  /// The edge's number, the same at both ends.
  let number: UInt64

  init(_ context: AutogradContext, number: UInt64, input: Tensor?) {
    self.context = context
    self.number = number
    super.init(edgeCount: input == nil ? 0 : 1)
    if let input { connect(0, input) }
  }

  /// Whether the other end needs to know whether a gradient comes from here.
  var isTarget: Bool { true }
  /// Whether gradients of other ranks enter this rank's graph here.
  var isSource: Bool { true }

  /// Refuses passes that the other ranks don't take part in.
  func checkPass(_ pass: BackwardPass) throws {
    guard pass.coordination == nil || pass.coordination !== context.coordination else { return }
    let kind: DistributedAutogradError.Kind = isGradientEnabled ? .higherOrder : .outsidePass
    throw DistributedAutogradError(
      kind, rank: context.rank, operation: name,
      isGradientEnabled
        ? "gradients of gradients do not cross ranks; take them on one rank, up to its receives"
        : "the graph continues on another rank; run the pass with DistEngine.backward inside its context"
    )
  }
}

/// A tensor that went to another rank: its gradient comes from there.
final class SendBackward: CommunicationNode {
  private let receiver: Int

  init(_ context: AutogradContext, _ message: AutogradContextID, _ tensor: Tensor, to receiver: Int)
  {
    self.receiver = receiver
    super.init(context, number: message.rawValue, input: tensor)
  }

  override var name: String { "SendBackward" }
  override var isTarget: Bool { false }

  override func apply(_ pass: BackwardPass) throws {
    try checkPass(pass)
    var body = try context.take(.gradient, number, from: receiver, edge: number, name).body
    guard body.byte() != 0, pass.needs(0) else { return }
    pass.send(0, Tensor(body.array()))
  }
}

/// A tensor that came from another rank: its gradient goes there.
final class ReceiveBackward: CommunicationNode {
  private let sender: Int

  init(_ context: AutogradContext, _ message: AutogradContextID, from sender: Int) {
    self.sender = sender
    super.init(context, number: message.rawValue, input: nil)
  }

  override var name: String { "ReceiveBackward" }
  override var isSource: Bool { false }

  override func apply(_ pass: BackwardPass) throws {
    try checkPass(pass)
    let gradient = pass.gradient(0)?.array
    let message = ContextMessage(.gradient, number, in: context.id) { writer in
      writer.write(UInt8(gradient == nil ? 0 : 1))
      if let gradient { writer.write(gradient) }
    }
    try context.mailroom.post(message, to: sender)
  }
}
