import Foundation
import SounderComm
import SounderParallel

/// What a machine was found to do.
public struct HostCalibration: Sendable, Codable {
  /// A rank's step.
  public let profile: StepProfile
  /// A host.
  public let host: HostSpeed
  /// What becomes of gradients between hosts.
  public let wire: WireModel
}

extension SimulationJob {
  /// Measures on the first rank of every host at the same time and takes what the slowest host has found, because a
  /// cluster waits for it; every rank calls this and gets the same.
  ///
  /// - Throws: as ``calibrate()`` does; ``CommunicationError``.
  public func calibrate(with group: any ProcessGroup) throws -> HostCalibration {
    try group.barrier()
    var own = Data()
    if group.topology.localRank == 0 { own = try JSONEncoder().encode(try calibrate()) }
    let texts = try group.allGather(text: String(decoding: own, as: UTF8.self))
    let all = try texts.filter { !$0.isEmpty }.map {
      try JSONDecoder().decode(HostCalibration.self, from: Data($0.utf8))
    }
    guard let slowest = all.max(by: { $0.profile.computeSeconds < $1.profile.computeSeconds })
    else {
      throw ParallelError("simulate: no host has measured anything")
    }
    return slowest
  }
}
