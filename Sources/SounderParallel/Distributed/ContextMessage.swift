import SounderTrace

/// What ranks tell each other about one context.
struct ContextMessage {
  enum Kind: UInt8 {
    /// An activation on its way forward.
    case activation = 1
    /// Its gradient on the way back.
    case gradient
    /// A rank's part of a collective.
    case part
    /// A rank begins its backward pass.
    case join
    /// How the pass of a rank ended.
    case vote

    /// The name of such a message in a trace.
    var eventName: EventName {
      switch self {
      case .activation: "activation"
      case .gradient: "gradient"
      case .part: "part of a collective"
      case .join: "join"
      case .vote: "vote"
      }
    }
  }

  /// Which messages are for the same receiver; equal ones are taken in order.
  struct Key: Hashable {
    let kind: Kind
    let number: UInt64
    let sender: Int
  }

  let context: AutogradContextID
  let kind: Kind
  let number: UInt64
  /// The message with its header; the body begins at ``headerBytes``.
  let bytes: [UInt8]

  static let headerBytes = 17

  /// A message, whose body `body` writes.
  init(
    _ kind: Kind, _ number: UInt64 = 0, in context: AutogradContextID,
    _ body: (inout ByteWriter) -> Void
  ) {
    self.context = context
    self.kind = kind
    self.number = number
    var writer = ByteWriter()
    writer.write(context.rawValue)
    writer.write(number)
    writer.write(kind.rawValue)
    body(&writer)
    bytes = writer.bytes
  }

  /// A message that has arrived; nil for bytes that are none.
  init?(_ bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    context = AutogradContextID(rawValue: reader.word())
    number = reader.word()
    guard let kind = Kind(rawValue: reader.byte()) else { return nil }
    self.kind = kind
    self.bytes = bytes
  }

  var body: ByteReader { ByteReader(bytes, at: ContextMessage.headerBytes) }
}
