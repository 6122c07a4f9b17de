/// Predicts a synchronous step by simulating its buckets: when they become ready, are added up, travel
/// between hosts and update the parameters.
///
/// All hosts and all ranks of a host do the same, so one host is simulated. A rank computes in small
/// pieces; between two of them it does what has come in: adds its slice of a bucket that all ranks of the
/// host have finished, hands it to the network, updates. A host has one network interface, which its ranks share: a
/// bucket of B bytes puts 2 (H − 1) / H · B bytes on it, in two rounds (reduce-scatter, all-gather), each of
/// which takes the latency. Two hosts, and buckets with slices of up to 16 KiB, exchange everything in one round,
/// unless optimiser state is shared out over hosts.
///
/// A core's work for the network is counted where it happens: putting values into messages and taking them out
/// (or coding them), what TCP costs the sender and the receiver of a byte, and the copy that MPI makes of what it
/// receives. With more ranks than cores everything a core does takes proportionally longer.
public final class StepSimulation {
  /// A predicted step.
  public struct Outcome: Sendable, Hashable {
    /// Seconds of the step.
    public let stepSeconds: Double
    /// Seconds of forward and backward of a rank.
    public let computeSeconds: Double
    /// Seconds in which a rank adds, updates and copies.
    public let reductionSeconds: Double
    /// Seconds in which the host's network interface is busy.
    public let linkSeconds: Double
    /// Seconds in which a rank has nothing to do but wait.
    public let exposedSeconds: Double

    /// Seconds of the network's work while ranks compute or reduce.
    public var hiddenSeconds: Double { max(linkSeconds - exposedSeconds, 0) }
  }

  private struct Rank {
    /// The bucket that becomes ready next.
    var segment = 0
    /// Seconds of computing until then.
    var left = 0.0
    var tasks: [(seconds: Double, completion: () -> Void)] = []
    var isIdle = false
    var updated = 0
    var hasArrived = false
    var reductionSeconds = 0.0
  }

  private let profile: StepProfile
  private let cluster: ClusterModel
  /// How much longer everything takes because ranks share cores.
  private let slowdown: Double
  private var queue = EventQueue()
  private var ranks: [Rank]
  private var published: [Int]
  private var interfaceFree = 0.0
  private var linkSeconds = 0.0
  private var arrived = 0
  /// When the last rank had all gradients.
  private var computed = 0.0
  private var end = 0.0

  /// How long a rank computes before it looks after messages.
  private static let pollSeconds = 50e-6

  /// A simulation of steps with this profile on a cluster.
  public init(_ profile: StepProfile, on cluster: ClusterModel) {
    self.profile = profile
    self.cluster = cluster
    let busy = profile.computeSeconds + profile.loaderSeconds
    let demand = Double(cluster.ranksPerHost) * busy
    // A helper thread costs nothing while a core is free for it.
    slowdown = max(demand / Double(cluster.host.cores) / max(profile.computeSeconds, 1e-12), 1)
    ranks = Array(repeating: Rank(), count: cluster.ranksPerHost)
    published = Array(repeating: 0, count: profile.bucketElements.count)
  }

  /// Simulates a step.
  public func run() -> Outcome {
    for rank in ranks.indices {
      ranks[rank].left = (profile.readySeconds.first ?? profile.computeSeconds) * slowdown
      queue.schedule(after: 0) { [unowned self] in advance(rank) }
    }
    while let action = queue.next() { action() }
    let reduction = ranks.map(\.reductionSeconds).max() ?? 0
    let compute = profile.computeSeconds * slowdown
    return Outcome(
      stepSeconds: end, computeSeconds: compute, reductionSeconds: reduction,
      linkSeconds: linkSeconds, exposedSeconds: max(end - compute - reduction, 0))
  }

  // MARK: A rank's core

  /// Lets a rank go on: with what has come in, else with its computation, else it waits.
  private func advance(_ rank: Int) {
    if !ranks[rank].tasks.isEmpty {
      let task = ranks[rank].tasks.removeFirst()
      ranks[rank].reductionSeconds += task.seconds
      return queue.schedule(after: task.seconds) { [unowned self] in
        task.completion()
        advance(rank)
      }
    }
    guard ranks[rank].segment <= profile.bucketElements.count else { return wait(rank) }
    let piece = min(ranks[rank].left, Self.pollSeconds)
    queue.schedule(after: piece) { [unowned self] in
      ranks[rank].left -= piece
      if ranks[rank].left <= 0 { finishSegment(rank) }
      advance(rank)
    }
  }

  /// The rank has computed a bucket, or, after the last one, what remains of its backward pass.
  private func finishSegment(_ rank: Int) {
    let bucket = ranks[rank].segment
    ranks[rank].segment += 1
    guard bucket < profile.bucketElements.count else { return computed = max(computed, queue.now) }
    let ready = profile.readySeconds
    let next = bucket + 1 < ready.count ? ready[bucket + 1] : profile.computeSeconds
    ranks[rank].left = (next - ready[bucket]) * slowdown
    published[bucket] += 1
    if published[bucket] == cluster.ranksPerHost {
      for rank in ranks.indices { reduceOnHost(bucket, rank) }
    }
  }

  private func wait(_ rank: Int) {
    ranks[rank].isIdle = true
    guard ranks[rank].updated == profile.bucketElements.count, !ranks[rank].hasArrived else {
      return
    }
    ranks[rank].hasArrived = true
    arrived += 1
    guard arrived == cluster.ranksPerHost else { return }
    // Losses and stop requests travel once the last gradient is there.
    let reported = cluster.hosts > 1 ? computed + cluster.link.latency : 0
    end = max(queue.now, reported) + endSeconds
  }

  /// What every rank does on its own when the sums of all are there, and how long ranks take to meet.
  private var endSeconds: Double {
    let finish = cluster.host.finishSeconds * finishedElements
    // Updates that wait for all sums need a meeting of their own.
    let meetings = finish > 0 ? 2.0 : 1
    let flags = cluster.ranksPerHost > 1 ? meetings * cluster.host.flagSeconds : 0
    return (finish + flags) * slowdown
  }

  /// The elements that a rank updates once all sums are there, if updates wait for that.
  private var finishedElements: Double {
    let elements = Double(profile.elementCount)
    guard cluster.update == .sharded else { return elements }
    return elements / Double(ownsParts ? cluster.ranks : cluster.ranksPerHost)
  }

  /// Gives a rank some work of its core.
  private func add(_ seconds: Double, to rank: Int, _ completion: @escaping () -> Void) {
    ranks[rank].tasks.append((seconds * slowdown, completion))
    if ranks[rank].isIdle {
      ranks[rank].isIdle = false
      queue.schedule(after: 0) { [unowned self] in advance(rank) }
    }
  }

  // MARK: A bucket's way

  private func slice(_ bucket: Int) -> Double {
    Double(profile.bucketElements[bucket]) / Double(cluster.ranksPerHost)
  }

  /// The rank adds the host's gradients in its slice; on one host it updates at once, else it writes the sum into
  /// messages.
  private func reduceOnHost(_ bucket: Int, _ rank: Int) {
    let host = cluster.host
    let own = slice(bucket)
    let sum = own * host.sumSeconds(of: cluster.ranksPerHost)
    guard cluster.hosts > 1 else {
      return add(sum + own * host.updateSeconds, to: rank) { [unowned self] in
        ranks[rank].updated += 1
      }
    }
    let sent = isWhole(bucket) ? own : own - part(bucket)
    let write = own * host.copySeconds + sent * (host.copySeconds + cluster.wire.encodeSeconds)
    let bytes = roundBytes(bucket, cluster.wire)
    add(sum + write + messageSeconds(bytes), to: rank) { [unowned self] in
      transfer(bytes) { [unowned self] in addHosts(bucket, rank) }
    }
  }

  /// Whether every host updates a part of its own.
  private var ownsParts: Bool { cluster.shardState == .all && cluster.hosts > 1 }

  /// Whether all hosts send each other the whole slice, so that there is nothing to gather.
  private func isWhole(_ bucket: Int) -> Bool {
    let bytes = slice(bucket) * Double(MemoryLayout<Float>.stride)
    return !ownsParts && (cluster.hosts == 2 || bytes <= Double(BucketTransfer.wholeBytes))
  }

  /// The elements of a slice that one host adds up for all.
  private func part(_ bucket: Int) -> Double { slice(bucket) / Double(cluster.hosts) }

  /// The rank adds what the hosts sent, of its part of the slice or of all of it, and sends the sum of a part to all.
  private func addHosts(_ bucket: Int, _ rank: Int) {
    let (own, host, hosts) = (slice(bucket), cluster.host, Double(cluster.hosts))
    let summed = isWhole(bucket) ? own : part(bucket)
    // Sums are written where the ranks of the host find them.
    let perElement =
      hosts * host.sumSeconds + host.copySeconds + (hosts - 1) * cluster.wire.decodeSeconds
    let sum = summed * perElement
    if isWhole(bucket) {
      return add(sum + own * host.updateSeconds, to: rank) { [unowned self] in
        ranks[rank].updated += 1
      }
    }
    let update = (ownsParts ? summed : own) * host.updateSeconds
    // What is gathered are sums, or else new parameters, which travel as they are.
    let gathered = ownsParts ? WireModel() : cluster.wire
    let bytes = roundBytes(bucket, gathered)
    let write = summed * (host.copySeconds + gathered.encodeSeconds) + messageSeconds(bytes)
    let read = (own - summed) * (host.copySeconds + gathered.decodeSeconds)
    add(sum + write + (ownsParts ? update : 0), to: rank) { [unowned self] in
      transfer(bytes) { [unowned self] in
        add(read + (ownsParts ? 0 : update), to: rank) { [unowned self] in
          ranks[rank].updated += 1
        }
      }
    }
  }

  /// The bytes that a rank sends in one round, which are as many as it receives.
  private func roundBytes(_ bucket: Int, _ wire: WireModel) -> Double {
    let elements = isWhole(bucket) ? slice(bucket) : part(bucket)
    return elements * wire.bytesPerElement * Double(cluster.hosts - 1)
  }

  /// A core's work to send and receive one round; where that was not measured over the link itself, TCP's and the
  /// copy that MPI makes of what it receives.
  private func messageSeconds(_ bytes: Double) -> Double {
    if let perByte = cluster.link.coreSecondsPerByte { return 2 * bytes * perByte }
    let copy = cluster.host.copySeconds / Double(MemoryLayout<Float>.stride)
    return bytes * (2 * cluster.host.messageSeconds + copy)
  }

  /// One round of a slice: its bytes queue for the host's interface, then they are on their way.
  private func transfer(_ bytes: Double, _ arrival: @escaping () -> Void) {
    let seconds = bytes / cluster.link.bandwidth
    interfaceFree = max(interfaceFree, queue.now) + seconds
    linkSeconds += seconds
    queue.schedule(after: interfaceFree - queue.now + cluster.link.latency, arrival)
  }
}
