import CKernels
import SounderArray
import SounderComm

/// The memory all Hogwild workers of a host share: parameters, tickets and counters.
///
/// Counters of different workers lie in different pairs of cache lines. Nothing here is locked; the
/// bookkeeping uses real atomics, so no ticket is lost or dealt twice.
final class HogwildArena: @unchecked Sendable {
  // @unchecked: the addresses are constant, and what they point to is accessed atomically.
  private static let lineBytes = 128

  let region: SharedRegion
  let elementCount: Int
  let workers: Int

  /// Makes the memory; every rank of the group calls this with the same arguments.
  init(group: any ProcessGroup, elementCount: Int, workers: Int) throws {
    self.elementCount = elementCount
    self.workers = workers
    region = try group.makeSharedRegion(
      byteCount: (2 + workers) * Self.lineBytes + elementCount * MemoryLayout<Float>.stride)
  }

  /// The shared parameters.
  var parameters: UnsafeMutablePointer<Float> {
    region.pointer(at: (2 + workers) * Self.lineBytes, as: Float.self, count: elementCount)
  }

  private func word(line: Int, _ index: Int = 0) -> UnsafeMutablePointer<UInt64> {
    region.pointer(at: line * Self.lineBytes + index * 8, as: UInt64.self)
  }

  /// Sets the next ticket; no worker may be running.
  func resetTickets(to first: Int) { ck_store_release_u64(word(line: 0), UInt64(first)) }

  /// Takes the next ticket: each is dealt exactly once.
  func takeTicket() -> Int { Int(ck_fetch_add_u64(word(line: 0), 1)) }

  /// Asks all workers to stop after their current update.
  func stop() { ck_store_release_u64(word(line: 1), 1) }

  /// Withdraws a request to stop; no worker may be running.
  func clearStop() { ck_store_release_u64(word(line: 1), 0) }

  /// Whether a worker should stop.
  var isStopping: Bool { ck_load_acquire_u64(word(line: 1)) != 0 }

  /// Counts an update that begins; only the worker itself writes its line.
  func countStart(_ worker: Int) { _ = ck_fetch_add_u64(word(line: 2 + worker, 0), 1) }

  /// Counts an update that is complete.
  func countCommit(_ worker: Int) { _ = ck_fetch_add_u64(word(line: 2 + worker, 1), 1) }

  /// Updates a worker has begun.
  func started(_ worker: Int) -> Int { Int(ck_load_acquire_u64(word(line: 2 + worker, 0))) }

  /// Updates a worker has completed.
  func committed(_ worker: Int) -> Int { Int(ck_load_acquire_u64(word(line: 2 + worker, 1))) }

  /// The version of the parameters: all completed updates.
  var version: Int { (0..<workers).reduce(0) { $0 + committed($1) } }

  /// Copies the parameters while others may be writing them.
  func load(into target: UnsafeMutablePointer<Float>) {
    ck_hogwild_load_f32(target, parameters, elementCount)
  }
}
