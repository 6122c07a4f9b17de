import CKernels
import Foundation
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

  /// A benchmark; all ranks must make it with the same arguments.
  ///
  /// - Parameter repetitions: how often each measurement is taken; the fastest counts, as everything
  ///   else the machine does only adds time.
  public init(
    group: any ProcessGroup, counts: [Int] = AllReduceBenchmark.defaultCounts,
    repetitions: Int = 7
  ) {
    self.group = group
    self.counts = counts
    self.repetitions = repetitions
  }

  /// The ways this group offers.
  public var backends: [Backend] {
    var backends: [Backend] = group.topology.hostCount == 1 ? [.shared, .copied] : [.copied]
    #if MPI
      if group is MPIGroup { backends.append(.mpi) }
    #endif
    return backends
  }

  /// Measures all ways and sizes; a collective over all ranks.
  public func run() throws -> [Record] {
    var records: [Record] = []
    for count in counts {
      for backend in backends { records.append(try measure(backend, count)) }
    }
    return records
  }

  private func measure(_ backend: Backend, _ count: Int) throws -> Record {
    let subject = try makeSubject(backend, count)
    let calls = max(2, min(500, (64 << 20) / (count * 4)) / max(group.size / 2, 1))
    var rewriting = Double.infinity
    var both = Double.infinity
    for repetition in 0...repetitions {
      try group.barrier()
      let first = seconds { for call in 0..<calls { subject.rewrite(call, group.rank) } }
      try group.barrier()
      let second = try seconds {
        for call in 0..<calls {
          subject.rewrite(call, group.rank)
          try subject.reduce()
        }
      }
      try check(subject, calls - 1, backend)
      guard repetition > 0 else { continue }  // the first one warms up
      rewriting = min(rewriting, first)
      both = min(both, second)
    }
    var time = max(both - rewriting, 0) / Double(calls)
    try withUnsafeMutableBytes(of: &time) { try group.allReduce($0, .float64, .max) }
    return Record(backend: backend.rawValue, ranks: group.size, elements: count, seconds: time)
  }

  private func check(_ subject: Subject, _ call: Int, _ backend: Backend) throws {
    let expected = Float((0..<group.size).reduce(0) { $0 + Subject.value(call, $1) })
    for index in [0, subject.count / 2, subject.count - 1] where subject.result[index] != expected {
      throw CommunicationError(
        .mismatch, rank: group.rank,
        "\(backend) sum of \(subject.count) is \(subject.result[index]) at \(index), not \(expected)"
      )
    }
  }

  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ck_monotonic_nanoseconds()
    try body()
    return Double(ck_monotonic_nanoseconds() - start) * 1e-9
  }

  // MARK: Subjects

  /// Something to measure: a gradient, a result and the call between them.
  private struct Subject {
    let count: Int
    let gradient: UnsafeMutablePointer<Float>
    let result: UnsafePointer<Float>
    let reduce: () throws -> Void

    static func value(_ call: Int, _ rank: Int) -> Int { call % 100 + rank }

    func rewrite(_ call: Int, _ rank: Int) {
      let value = Float(Subject.value(call, rank))
      for index in 0..<count { gradient[index] = value }
    }
  }

  private func makeSubject(_ backend: Backend, _ count: Int) throws -> Subject {
    switch backend {
    case .shared: return try sharedSubject(count)
    case .copied:
      return privateSubject(count) { [group] in try group.allReduce($0, .float32, .sum) }
    case .mpi:
      #if MPI
        return privateSubject(count) { try allReduceByMPI($0) }
      #else
        throw CommunicationError(.launch, "built without MPI; build with the package trait MPI")
      #endif
    }
  }

  private func privateSubject(
    _ count: Int, _ call: @escaping (UnsafeMutableRawBufferPointer) throws -> Void
  ) -> Subject {
    let storage = Storage(byteCount: count * 4)
    let gradient = storage.base.bindMemory(to: Float.self, capacity: count)
    return Subject(count: count, gradient: gradient, result: UnsafePointer(gradient)) {
      try call(UnsafeMutableRawBufferPointer(start: storage.base, count: count * 4))
    }
  }

  private func sharedSubject(_ count: Int) throws -> Subject {
    let flagBytes = (SharedReduction.byteCount(ranks: group.size) + 4095) / 4096 * 4096
    let slotBytes = (count * 4 + 4095) / 4096 * 4096
    let region = try group.makeSharedRegion(byteCount: flagBytes + group.size * slotBytes)
    let reduction = SharedReduction(region: region)
    let slots = (0..<group.size).map {
      region.pointer(at: flagBytes + $0 * slotBytes, as: Float.self, count: count)
    }
    let own = slots[group.rank]
    let addresses = slots.map { UnsafeMutableRawPointer($0) }
    return Subject(count: count, gradient: own, result: UnsafePointer(own)) {
      try reduction.reduce(addresses, count: count, .float32, .sum)
    }
  }
}
