import SounderTrain

/// What a worker tells the process that started it, one JSON object a line.
enum WorkerMessage: Equatable {
  /// A case begins.
  case begin(index: Int, id: String, kinds: [CheckKind])
  /// One check of the case is done.
  case check(CheckKind, failure: String?)
  /// All cases of the operator are done.
  case end
  /// The operator's files cannot be used.
  case unusable(exitCode: ExitCode, message: String)

  /// The message on one line.
  var line: String {
    let json: JSONValue =
      switch self {
      case .begin(let index, let id, let kinds):
        [
          "begin": .integer(index), "id": .string(id),
          "kinds": .array(kinds.map { .string($0.rawValue) }),
        ]
      case .check(let kind, let failure):
        ["kind": .string(kind.rawValue), "failure": failure.map(JSONValue.string) ?? .null]
      case .end: ["end": true]
      case .unusable(let code, let message):
        ["unusable": .string(message), "code": .integer(Int(code.rawValue))]
      }
    return json.compact + "\n"
  }

  /// Reads a line; nil if it is no message.
  init?(_ line: some Collection<UInt8>) {
    guard let json = try? JSONValue(parsing: line) else { return nil }
    if let index = json["begin"]?.integer, let id = json["id"]?.string,
      let kinds = json["kinds"]?.array
    {
      let known = kinds.compactMap { $0.string.flatMap(CheckKind.init) }
      self = .begin(index: index, id: id, kinds: known)
    } else if let kind = json["kind"]?.string.flatMap(CheckKind.init) {
      self = .check(kind, failure: json["failure"]?.string)
    } else if json["end"] != nil {
      self = .end
    } else if let message = json["unusable"]?.string,
      let code = json["code"]?.integer.flatMap({ ExitCode(rawValue: Int32($0)) })
    {
      self = .unusable(exitCode: code, message: message)
    } else {
      return nil
    }
  }
}
