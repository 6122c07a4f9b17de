import SounderAutograd

/// The side of a worker process that checks operators of the registry with their own samples.
public struct RegisteredWorker: OperatorWorker {
  private let output: @Sendable (String) -> Void

  /// A worker whose messages go to `output`.
  public init(output: @escaping @Sendable (String) -> Void) { self.output = output }

  /// The operators that have samples, and those that have none.
  public static func operators() throws -> (sampled: [String], others: [String]) {
    let custom = OperatorRegistry.customOperators.filter { !$0.samples.isEmpty }.map(\.name)
    var sampled = custom
    var others: [String] = []
    for entry in OperatorRegistry.entries {
      if entry.samples.isEmpty && !entry.isInPlace {
        others.append(entry.fullName)
      } else {
        sampled.append(entry.fullName)
      }
    }
    return (sampled.sorted(), others)
  }

  /// Checks one operator.
  public func run(_ name: String, from first: Int) {
    func send(_ message: WorkerMessage) { output(message.line) }
    do {
      let samples =
        try OperatorRegistry.customOperator(name)?.samples
        ?? OperatorRegistry.entry(name).sampleArguments()
      for (index, sample) in samples.enumerated().dropFirst(first) {
        // Until the check says which aspects it has, a trap counts against the schema.
        send(.begin(index: index, id: "\(name)/\(index)", kinds: [.schema]))
        for finding in try checkOperator(name, samples: [sample]).samples[0] {
          send(.check(CheckKind(finding.aspect), failure: finding.problem))
        }
      }
    } catch {
      send(.begin(index: first, id: name, kinds: [.schema]))
      send(.check(.schema, failure: "\(error)"))
    }
    send(.end)
  }
}

extension CheckKind {
  fileprivate init(_ aspect: OperatorCheckReport.Aspect) {
    self =
      switch aspect {
      case .schema: .schema
      case .registration: .registration
      case .gradients: .gradients
      case .secondOrder: .secondOrder
      case .forwardMode: .forwardMode
      }
  }
}
