/// Ranks that should have something in common do not: the first difference and who has what.
///
/// All ranks throw the same error.
public struct DisagreementError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What the ranks differ in.
  public let subject: Agreement.Subject
  /// The difference, the ranks on both sides and what to do.
  public let description: String

  /// An error for the facts that the ranks have at one place of their lists; nil where a list is over.
  init(values: [Agreement.Fact?], reference: Int, topology: Topology) {
    let expected = values[reference]
    // Ranks with the same value are named together, those like the reference first.
    var groups: [(fact: Agreement.Fact?, ranks: [Int])] = [(expected, [])]
    for (rank, fact) in values.enumerated() {
      if let index = groups.firstIndex(where: { $0.fact == fact }) {
        groups[index].ranks.append(rank)
      } else {
        groups.append((fact, [rank]))
      }
    }
    let named = groups.lazy.compactMap(\.fact).first
    let subject = named?.subject ?? .model
    let name = named?.name ?? "the number of facts"
    let parts = groups.map { fact, ranks in
      Self.text(fact, named: name) + " on " + topology.describe(ranks)
    }
    self.subject = subject
    description =
      "ranks disagree about the \(subject.rawValue): \(name) is "
      + parts.joined(separator: ", but ") + "; " + Self.advice(subject)
  }

  private static func text(_ fact: Agreement.Fact?, named name: String) -> String {
    guard let fact else { return "absent" }
    return fact.name == name ? fact.value : "absent (there is \(fact.name): \(fact.value))"
  }

  private static func advice(_ subject: Agreement.Subject) -> String {
    switch subject {
    case .build: "start the same build of the program on every host"
    case .configuration: "start all ranks with the same configuration and the same --set arguments"
    case .data: "give all ranks the same data, for example by copying the files again"
    case .model: "build the model in the same way, and from the same seed, on every rank"
    case .state:
      "a rank's memory or processor is at fault, or the program changes parameters on some ranks only; "
        + "go back to an earlier model"
    }
  }
}

extension Topology {
  /// Some ranks for a message: `rank 1`, `ranks 0, 2-5 and 9`, with their host if it is one of several.
  func describe(_ ranks: [Int]) -> String {
    var runs: [ClosedRange<Int>] = []
    for rank in ranks {
      if let last = runs.last, last.upperBound + 1 == rank {
        runs[runs.count - 1] = last.lowerBound...rank
      } else {
        runs.append(rank...rank)
      }
    }
    let texts = runs.map {
      $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
    }
    let list =
      texts.count < 2
      ? texts.joined() : texts.dropLast().joined(separator: ", ") + " and " + texts[texts.count - 1]
    let hostsOfRanks = Set(ranks.map { hosts[$0] })
    let host =
      hostCount > 1 && hostsOfRanks.count == 1
      ? hostsOfRanks.first.map { " (host \(hostNames[$0]))" } ?? "" : ""
    return (ranks.count == 1 ? "rank " : "ranks ") + list + host
  }
}
