import SounderComm

/// Who moves transfers to other hosts on while a rank computes.
public enum CommunicationThread: String, Sendable, CaseIterable {
  /// A thread of its own where the machine has a core to spare for it, else the rank itself.
  case auto
  /// A thread of its own, whatever the cores.
  case on
  /// The rank itself, between two operators of its backward pass.
  case off

  /// The leg with its thread, if it gets one; a collective over all ranks.
  func attach(to leg: any NetworkLeg, of group: any ProcessGroup) throws -> any NetworkLeg {
    let isWanted =
      switch self {
      case .auto: try group.hasSpareCore()
      case .on: true
      case .off: false
      }
    return isWanted ? ThreadedLeg(leg) : leg
  }
}
