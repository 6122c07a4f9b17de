import SounderArray
import SounderComm
import SounderNN

/// Compares the copies of the model that ranks keep, every so many steps.
///
/// All copies get the same updates in the same order, so they are equal bit for bit unless something went
/// wrong: a memory error, a faulty processor, code that changes parameters on one rank only. Ranks of one
/// host in the sharded form have one copy, which nobody has to compare.
struct DivergenceCheck {
  private let model: Module
  private let group: any ProcessGroup
  private let interval: Int

  /// A check every `interval` steps; nil if that is 0 or there is only one copy.
  init?(model: Module, group: any ProcessGroup, update: DataParallel.Update, interval: Int) {
    let copies = update == .sharded ? group.topology.hostCount : group.size
    guard interval > 0, copies > 1 else { return nil }
    self.model = model
    self.group = group
    self.interval = interval
  }

  /// Compares if it is time; called on all ranks when a step is over, before any begins the next.
  ///
  /// - Parameter steps: The steps taken so far.
  /// - Throws: ``DisagreementError`` that names the first parameter that differs, the step, and the ranks
  ///   on both sides, the same on all ranks; ``CommunicationError``.
  func after(steps: Int) throws {
    guard steps % interval == 0 else { return }
    var agreement = Agreement()
    for item in model.namedParameters + model.namedBuffers {
      var digest = Digest()
      digest.add(item.tensor.array)
      agreement.add(.state, "the digest of '\(item.name)' after step \(steps)", digest.short)
    }
    try agreement.check(group)
  }
}
