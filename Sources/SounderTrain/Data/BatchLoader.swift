import Foundation
import SounderArray
import SounderTrace

/// Prepares a rank's batches on a thread of its own, a few steps ahead of the training loop.
///
/// ```swift
/// let loader = BatchLoader(dataset, sampler, shards: parallel.shards, epochs: 0..<5)
/// while let batch = try loader.next() { … }
/// ```
/// Dropping the loader, or ``close()``, ends the thread.
public final class BatchLoader: Sendable {
  private let queue: BoundedQueue<Batch>

  /// A loader of some shards of all batches of the given epochs.
  ///
  /// - Parameter depth: how many batches may wait; two hide the time of gathering.
  public convenience init(
    _ dataset: Dataset, _ sampler: DistributedSampler, shards: Range<Int>, epochs: Range<Int>,
    depth: Int = 2
  ) {
    self.init(depth: depth) { deliver in
      for epoch in epochs {
        let order = sampler.order(epoch: epoch)
        for step in 0..<sampler.stepsPerEpoch {
          let batch = Self.gather(dataset, sampler, shards, order, epoch: epoch, step: step)
          guard deliver(batch) else { return }
        }
      }
    }
  }

  /// A loader of whatever `produce` delivers; delivery answers false once nobody listens any more.
  init(
    depth: Int, produce: @escaping @Sendable (_ deliver: (Batch) -> Bool) throws -> Void
  ) {
    let queue = BoundedQueue<Batch>(capacity: depth)
    self.queue = queue
    let recorder = Recorder.current
    let thread = Thread {
      Recorder.attach(recorder, "loader") {
        do {
          try produce { queue.push($0) }
          queue.finish()
        } catch { queue.finish(throwing: error) }
      }
    }
    thread.name = "sounder.loader"
    thread.start()
  }

  deinit { queue.close() }

  /// The next batch, or nil after the last; waits until it is ready.
  ///
  /// - Throws: the error that ended the preparation, after the batches prepared before it.
  public func next() throws -> Batch? {
    try Trace.span(.data, "next batch") { try queue.pop() }
  }

  /// Ends the preparation and drops what is waiting.
  public func close() { queue.close() }

  private static func gather(
    _ dataset: Dataset, _ sampler: DistributedSampler, _ shards: Range<Int>, _ order: [Int32],
    epoch: Int, step: Int
  ) -> Batch {
    let span = Trace.begin(.data, "gather", step)
    defer { Trace.end(span) }
    let parts = shards.map { index in
      let (features, targets) = dataset.gather(order[sampler.shard(index, step: step)])
      return Batch.Shard(index: index, features: features, targets: targets)
    }
    return Batch(
      epoch: epoch, step: step, globalCount: sampler.batch(step: step).count, shards: parts)
  }
}
