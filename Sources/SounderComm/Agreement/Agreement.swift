import SounderArray

/// What all ranks of a job must have in common, as a list of named facts.
///
/// Ranks that were started with different programs, configurations, data or models would train
/// something that nobody asked for, or stop much later with an error that says nothing. Comparing takes one
/// collective of 16 bytes; only when it fails do the facts themselves travel, to say which differs.
///
/// ```swift
/// var agreement = Agreement()
/// agreement.add(.configuration, "optimizer.lr", "0.1")
/// try agreement.check(group)
/// ```
public struct Agreement: Sendable {
  /// What a fact is about; decides what the message advises.
  public enum Subject: String, Sendable, CaseIterable {
    /// The program.
    case build
    /// How the job is described.
    case configuration
    /// The samples.
    case data
    /// Parameters and buffers.
    case model
    /// What training has made of them.
    case state
  }

  /// Something that has a value on every rank.
  public struct Fact: Sendable, Hashable {
    /// What the fact is about.
    public let subject: Subject
    /// Its name, without which the value means nothing.
    public let name: String
    /// Its value, as people read it.
    public let value: String
  }

  /// The facts, in the order in which they are compared.
  public private(set) var facts: [Fact] = []

  /// Nothing in common yet.
  public init() {}

  /// Adds a fact.
  public mutating func add(_ subject: Subject, _ name: String, _ value: String) {
    facts.append(Fact(subject: subject, name: name, value: value))
  }

  /// The digest of all facts.
  public var digest: Digest {
    var digest = Digest()
    for fact in facts {
      digest.add(fact.subject.rawValue)
      digest.add(fact.name)
      digest.add(fact.value)
    }
    return digest
  }

  /// Compares the facts of all ranks; a collective over the group.
  ///
  /// - Throws: ``DisagreementError`` with the first difference, the same on all ranks;
  ///   ``CommunicationError``.
  public func check(_ group: any ProcessGroup) throws {
    guard group.size > 1 else { return }
    let digests = try group.allGather(words: digest.words)
    guard let reference = Self.reference(digests) else { return }
    throw try disagreement(group, reference: reference)
  }

  /// The first rank that has the most frequent digest; nil if all have the same.
  static func reference(_ digests: [[UInt64]]) -> Int? {
    var counts: [[UInt64]: Int] = [:]
    for digest in digests { counts[digest, default: 0] += 1 }
    if counts.count == 1 { return nil }
    let most = counts.values.max()
    return digests.firstIndex { counts[$0] == most }
  }

  /// Every rank compares its facts with those of the reference and tells all where they part.
  private func disagreement(
    _ group: any ProcessGroup, reference: Int
  ) throws -> DisagreementError {
    let theirs = try group.broadcast(facts, root: reference)
    let count = max(facts.count, theirs.count)
    let position = (0..<count).first { facts[at: $0] != theirs[at: $0] } ?? count
    let positions = try group.allGather(words: [UInt64(position)]).map { Int($0[0]) }
    let first = positions.min() ?? 0
    // Ranks that part later tell what they have here too, which is what the reference has.
    let texts = try group.allGather(text: facts[at: first]?.encoded ?? "")
    return DisagreementError(
      values: texts.map(Fact.init(encoded:)), reference: reference, topology: group.topology)
  }
}

extension Array {
  /// The element at a place that may lie behind the end.
  fileprivate subscript(at index: Int) -> Element? { index < count ? self[index] : nil }
}
