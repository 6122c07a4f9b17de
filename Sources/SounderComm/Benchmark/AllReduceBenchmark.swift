import CKernels
import SounderArray

/// Measures the time of a float32 sum over all ranks, by each way this group offers.
///
/// Every rank rewrites its gradient before each call, as training does; the time of the rewriting,
/// measured on its own, is subtracted. Buffers that are not rewritten would stay in the caches where
/// the last call left them and flatter shared memory several times over.
public struct AllReduceBenchmark {
  /// A way to sum over ranks.
  public enum Backend: String, Sendable, CaseIterable {
    /// Gradients in shared memory, reduced in place; nothing is copied. Ranks of one host.
    case shared
    /// ``ProcessGroup/allReduce(_:_:_:)`` on private buffers.
    case copied
    /// `MPI_Allreduce` in place. Ranks started by MPI.
    case mpi
    /// No sum: every rank takes over the next one's buffer, line by line, and gets its own back when it
    /// writes it again. Twice the buffer in this time is the bandwidth between two cores.
    case exchange
  }

  /// One measurement, the same on all ranks.
  public struct Record: Sendable, Hashable, Codable {
    /// The name of the way.
    public let backend: String
    /// The number of ranks.
    public let ranks: Int
    /// The number of float32 elements.
    public let elements: Int
    /// Seconds a call, of the slowest rank.
    public let seconds: Double
  }

  /// Element counts of 4 KiB to 64 MiB, in powers of four.
  public static let defaultCounts = stride(from: 10, through: 24, by: 2).map { 1 << $0 }

  private let group: any ProcessGroup
  private let counts: [Int]
  private let repetitions: Int
  private let chosen: [Backend]?

  /// A benchmark; all ranks must make it with the same arguments.
  ///
  /// - Parameters:
  ///   - repetitions: how often each measurement is taken; the fastest counts, as everything else the
  ///     machine does only adds time.
  ///   - backends: the ways to measure; nil means all sums this group offers.
  public init(
    group: any ProcessGroup, counts: [Int] = AllReduceBenchmark.defaultCounts,
    repetitions: Int = 7, backends: [Backend]? = nil
  ) {
    self.group = group
    chosen = backends
    self.counts = counts
    self.repetitions = repetitions
  }

  /// The ways that are measured.
  public var backends: [Backend] {
    let shares = group.topology.hostCount == 1
    let offered: [Backend] =
      (shares ? [.shared, .copied] : [.copied]) + (group.sumByMPI == nil ? [] : [.mpi])
      + (shares ? [.exchange] : [])
    return offered.filter { chosen?.contains($0) ?? ($0 != .exchange) }
  }

  /// Measures all ways and sizes; a collective over all ranks.
  public func run() throws -> [Record] {
    try counts.flatMap(measure)
  }

  private func measure(_ count: Int) throws -> [Record] {
    let backends = backends
    let subjects = try backends.map { try makeSubject($0, count) }
    let clock = RewritingClock(group: group, repetitions: repetitions)
    let times = try clock.seconds(of: subjects.map(\.call))
    // The last call's sum is still there.
    for (subject, backend) in zip(subjects, backends) { try check(subject, backend) }
    return zip(backends, times).map {
      Record(backend: $0.rawValue, ranks: group.size, elements: count, seconds: $1)
    }
  }

  private func check(_ subject: Subject, _ backend: Backend) throws {
    guard let result = subject.result else { return }
    let expected = (0..<group.size).reduce(Float(0)) { $0 + RewritingClock.lastValue(of: $1) }
    let count = subject.call.count
    for index in [0, count / 2, count - 1] where result[index] != expected {
      throw CommunicationError(
        .mismatch, rank: group.rank,
        "\(backend) sum of \(count) is \(result[index]) at \(index), not \(expected)")
    }
  }

  // MARK: Subjects

  /// Something to measure, and where its sum is, if it makes one.
  private struct Subject {
    let call: RewritingClock.Call
    var result: UnsafePointer<Float>?
  }

  private func makeSubject(_ backend: Backend, _ count: Int) throws -> Subject {
    switch backend {
    case .shared: return try sharedSubject(count)
    case .exchange: return try exchangeSubject(count)
    case .copied:
      return privateSubject(count) { [group] in try group.allReduce($0, .float32, .sum) }
    case .mpi:
      guard let sum = group.sumByMPI else {
        throw CommunicationError(.launch, "the ranks were not started by MPI; use mpirun")
      }
      return privateSubject(count, sum)
    }
  }

  private func privateSubject(
    _ count: Int, _ call: @escaping (UnsafeMutableRawBufferPointer) throws -> Void
  ) -> Subject {
    let storage = Storage(byteCount: count * 4)
    let gradient = storage.base.bindMemory(to: Float.self, capacity: count)
    return Subject(
      call: RewritingClock.Call(count: count, gradient: gradient) {
        try call(UnsafeMutableRawBufferPointer(start: storage.base, count: count * 4))
      }, result: UnsafePointer(gradient))
  }

  private func sharedSubject(_ count: Int) throws -> Subject {
    let (region, slots) = try makeSlots(count)
    let reduction = SharedReduction(region: region)
    let addresses = slots.map { UnsafeMutableRawPointer($0) }
    let own = slots[region.localRank]
    return Subject(
      call: RewritingClock.Call(count: count, gradient: own) {
        try reduction.reduce(addresses, count: count, .float32, .sum)
      }, result: UnsafePointer(own))
  }

  /// Every rank takes over all lines of the next rank's slot.
  private func exchangeSubject(_ count: Int) throws -> Subject {
    let (region, slots) = try makeSlots(count)
    let flags = EpochFlags(region: region)
    let next = slots[(region.localRank + 1) % region.localSize]
    var epoch: UInt32 = 0
    return Subject(
      call: RewritingClock.Call(count: count, gradient: slots[region.localRank]) {
        for isLast in [false, true] {
          epoch &+= 1
          flags.publish(epoch: epoch)
          try flags.waitForAll(epoch: epoch, "an exchange of \(count) elements")
          if !isLast { ck_shared_claim(next, count * 4) }
        }
      })
  }

  private func makeSlots(
    _ count: Int
  ) throws -> (region: SharedRegion, slots: [UnsafeMutablePointer<Float>]) {
    let flagBytes = (SharedReduction.byteCount(ranks: group.size) + 4095) / 4096 * 4096
    let slotBytes = (count * 4 + 4095) / 4096 * 4096
    let region = try group.makeSharedRegion(byteCount: flagBytes + group.size * slotBytes)
    let slots = (0..<group.size).map {
      region.pointer(at: flagBytes + $0 * slotBytes, as: Float.self, count: count)
    }
    return (region, slots)
  }
}
