import Foundation
import SounderArray
import SounderAutograd
import SounderComm
import SounderNN
import SounderTrace

/// Asynchronous stochastic gradient descent without locks (Niu, Recht, Ré and Wright, 2011).
///
/// Workers, threads of every rank of one host, share one set of parameters. Each takes tickets from a
/// common counter, computes a gradient on a private snapshot and subtracts its step from the shared
/// parameters with relaxed atomic accesses. Nobody waits for anybody between the start and the end of
/// ``run(tickets:learningRate:loss:afterUpdate:)``. One worker gives the bits of serial SGD.
public final class Hogwild {
  /// How workers share the job.
  public struct Options: Sendable {
    /// Worker threads of every rank.
    public var workersPerRank = 1
    /// How updates are written; nil chooses by the size of each parameter.
    public var storePolicy: StorePolicy?
    /// The seed of the random numbers drawn inside the model.
    public var seed: UInt64 = 0

    /// The defaults.
    public init() {}
  }

  /// What a run did, over all workers of all ranks.
  public struct Report: Sendable {
    /// Updates that were completed.
    public let updates: Int
    /// The mean loss of the updates, each on its own snapshot.
    public let meanLoss: Double
    /// How stale the updates were.
    public let staleness: StalenessHistogram
    /// Compare-and-swap operations that had to be repeated.
    public let retries: Int
    /// Whether a worker asked to stop before the tickets were used up.
    public let wasStopped: Bool
  }

  /// The processes that take part.
  public let group: any ProcessGroup
  /// The number of workers over all ranks.
  public var workerCount: Int { arena.workers }

  private let options: Options
  let arena: HogwildArena
  private let workers: [HogwildWorker]

  /// Prepares workers; every rank calls this.
  ///
  /// - Parameters:
  ///   - makeModel: Builds a replica; called once for each worker of this rank. The values of the first
  ///     replica of rank 0 become the shared parameters.
  /// - Throws: ``ParallelError`` for another optimiser than SGD, parameters that are not float32, or ranks
  ///   on several hosts; ``CommunicationError``.
  public init(
    group: any ProcessGroup, optimizer: OptimizerConfiguration, options: Options = Options(),
    makeModel: () throws -> Module
  ) throws {
    guard optimizer.kind == .sgd else {
      throw ParallelError(
        "parallel.mode hogwild: \(optimizer.kind.rawValue) keeps state that racing workers would "
          + "corrupt; use optimizer.kind sgd")
    }
    guard group.topology.hostCount == 1 else {
      throw ParallelError(
        "parallel.mode hogwild: the ranks are on \(group.topology.hostCount) hosts, but workers must "
          + "share memory; start all ranks on one host, or use parallel.mode sync")
    }
    self.group = group
    self.options = options
    let perRank = max(options.workersPerRank, 1)
    let models = try (0..<perRank).map { _ in try makeModel() }
    let layout = models[0].parameterLayout()
    for entry in layout.entries where entry.tensor.dtype != .float32 {
      throw ParallelError(
        "parallel.mode hogwild: parameter '\(entry.name)' is \(entry.tensor.dtype), only float32 can "
          + "be shared; convert the model")
    }
    if let buffer = models[0].namedBuffers.first {
      throw ParallelError(
        "parallel.mode hogwild: buffer '\(buffer.name)' would differ between the workers; use "
          + "parallel.mode sync, or a model without buffers (group_norm instead of batch_norm)")
    }
    let arena = try HogwildArena(
      group: group, elementCount: max(layout.elementCount, 4), workers: perRank * group.size)
    self.arena = arena
    if group.rank == 0 {
      for entry in layout.entries {
        let values = Kernels.contiguous(entry.tensor.array)
        (arena.parameters + entry.offset).update(
          from: values.pointer.assumingMemoryBound(to: Float.self), count: values.count)
      }
    }
    try group.barrier()
    workers = models.enumerated().map { thread, model in
      HogwildWorker(
        index: group.rank * perRank + thread, model: model, arena: arena, optimizer: optimizer,
        policy: options.storePolicy)
    }
    refresh()
  }

  /// The first replica of this rank, with the parameters of the last ``refresh()``.
  public var model: Module { workers[0].model }

  /// Copies the shared parameters into the replicas of this rank.
  public func refresh() { for worker in workers { worker.refresh() } }

  /// Asks all workers of all ranks to stop after their current update.
  public func stop() { arena.stop() }

  /// Completed updates since the workers were made.
  public var committedUpdates: Int { arena.version }

  /// Deals out tickets until they are used up; every rank calls this with the same range.
  ///
  /// - Parameters:
  ///   - tickets: One update each; the closures learn which.
  ///   - learningRate: The rate of a ticket.
  ///   - loss: The mean loss of a ticket's samples; called on worker threads, with the worker's replica.
  ///   - afterUpdate: Called on the thread that called `run` after each update of its worker.
  /// - Throws: the first error of any worker of this rank; the others stop.
  public func run(
    tickets: Range<Int>, learningRate: @escaping @Sendable (Int) -> Double,
    loss: @escaping @Sendable (Module, Int) throws -> Tensor,
    afterUpdate: (_ committed: Int, _ lossOfUpdate: Double) throws -> Void = { _, _ in }
  ) throws -> Report {
    for worker in workers { worker.resetCounts() }
    if group.rank == 0 {
      arena.resetTickets(to: tickets.lowerBound)
      arena.clearStop()
    }
    try group.barrier()
    let firstError = FirstError()
    let join = DispatchGroup()
    let seed = options.seed
    let arena = arena
    let work: @Sendable (HogwildWorker) throws -> Bool = { worker in
      let ticket = arena.takeTicket()
      if ticket >= tickets.upperBound || arena.isStopping { return false }
      try withRandomContext(RandomContext(seed: seed, step: UInt64(ticket), shard: 0)) {
        try Trace.span(.step, "step", ticket + 1) {
          try worker.step(learningRate: learningRate(ticket)) { try loss($0, ticket) }
        }
      }
      return true
    }
    let recorder = Recorder.current
    for worker in workers.dropFirst() {
      join.enter()
      let thread = Thread {
        Recorder.attach(recorder, "worker \(worker.index)") {
          do { while try work(worker) {} } catch {
            firstError.keep(error)
            arena.stop()
          }
        }
        join.leave()
      }
      thread.stackSize = 16 << 20
      thread.start()
    }
    do {
      let own = workers[0]
      var before = 0.0
      while try work(own) {
        try afterUpdate(arena.version, own.lossSum - before)
        before = own.lossSum
      }
    } catch {
      firstError.keep(error)
      arena.stop()
    }
    join.wait()
    if let error = firstError.value { throw error }
    try group.barrier()
    refresh()
    return try report()
  }

  /// Adds up what the workers of all ranks have counted.
  private func report() throws -> Report {
    var staleness = StalenessHistogram()
    for worker in workers { staleness.merge(worker.staleness) }
    var counts = staleness.bins.map(Int64.init)
    counts.append(Int64(workers.reduce(0) { $0 + $1.updates }))
    counts.append(Int64(workers.reduce(0) { $0 + $1.retries }))
    var extremes = [Int64(staleness.maximum), arena.isStopping ? 1 : 0]
    var losses = [workers.reduce(0) { $0 + $1.lossSum }]
    try counts.withUnsafeMutableBytes { try group.allReduce($0, .int64, .sum) }
    try extremes.withUnsafeMutableBytes { try group.allReduce($0, .int64, .max) }
    try losses.withUnsafeMutableBytes { try group.allReduce($0, .float64, .sum) }
    let bins = counts.prefix(StalenessHistogram.binCount).map(Int.init)
    let updates = Int(counts[StalenessHistogram.binCount])
    return Report(
      updates: updates, meanLoss: updates == 0 ? 0 : losses[0] / Double(updates),
      staleness: StalenessHistogram(bins: bins, maximum: Int(extremes[0])),
      retries: Int(counts[StalenessHistogram.binCount + 1]), wasStopped: extremes[1] != 0)
  }
}

/// The first error of several threads.
private final class FirstError: @unchecked Sendable {
  // @unchecked: the lock protects the error.
  private let lock = NSLock()
  private var error: (any Error)?

  func keep(_ error: any Error) { lock.withLock { self.error = self.error ?? error } }

  var value: (any Error)? { lock.withLock { error } }
}
