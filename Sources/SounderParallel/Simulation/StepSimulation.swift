/// Predicts a synchronous step by simulating its buckets: when they become ready, are added up, travel
/// between hosts and update the parameters.
///
/// All hosts and all ranks of a host do the same, so one host is simulated. A rank computes in small
/// pieces; between two of them it does what has come in: adds its slice of a bucket that all ranks of the
/// host have finished, hands it to the network, updates. A host has one network interface, which its ranks share: a
/// bucket of B bytes puts 2 (H − 1) / H · B bytes on it, in two rounds (reduce-scatter, all-gather), each of
/// which takes the latency. Two hosts, and buckets with slices of up to 16 KiB, exchange everything in one round.
/// With more ranks than cores everything a core does takes proportionally longer.
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
    let flag = cluster.ranksPerHost > 1 ? cluster.host.flagSeconds * slowdown : 0
    // Losses and stop requests travel once the last gradient is there.
    let reported = cluster.hosts > 1 ? computed + cluster.link.latency : 0
    end = max(queue.now, reported) + flag + afterBarrierSeconds
  }

  /// What every rank does on its own when the sums are there: copy and update all of them.
  private var afterBarrierSeconds: Double {
    guard cluster.update == .replicated else { return 0 }
    let seconds = cluster.host.sumSeconds + cluster.host.updateSeconds
    return Double(profile.elementCount) * seconds * slowdown
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

  /// The rank adds the host's gradients in its slice; on one host it updates at once.
  private func reduceOnHost(_ bucket: Int, _ rank: Int) {
    let sum = slice(bucket) * Double(cluster.ranksPerHost) * cluster.host.sumSeconds
    guard cluster.hosts > 1 else {
      return add(sum + updateSeconds(bucket), to: rank) { [unowned self] in
        ranks[rank].updated += 1
      }
    }
    add(sum + coreSeconds(bucket), to: rank) { [unowned self] in
      transfer(bucket) { [unowned self] in addHosts(bucket, rank) }
    }
  }

  /// Whether all hosts send each other the whole slice, so that there is nothing to gather.
  private func isWhole(_ bucket: Int) -> Bool {
    cluster.hosts == 2
      || slice(bucket) * Double(MemoryLayout<Float>.stride) <= Double(BucketTransfer.wholeBytes)
  }

  /// The rank adds what the hosts sent, of its part of the slice or of all of it, and sends the sum of a part to all.
  private func addHosts(_ bucket: Int, _ rank: Int) {
    let sum = slice(bucket) * cluster.host.sumSeconds
    if isWhole(bucket) {
      let work = sum * Double(cluster.hosts) + updateSeconds(bucket)
      return add(work, to: rank) { [unowned self] in ranks[rank].updated += 1 }
    }
    add(sum + coreSeconds(bucket), to: rank) { [unowned self] in
      transfer(bucket) { [unowned self] in
        add(updateSeconds(bucket), to: rank) { [unowned self] in ranks[rank].updated += 1 }
      }
    }
  }

  private func updateSeconds(_ bucket: Int) -> Double {
    cluster.update == .sharded ? slice(bucket) * cluster.host.updateSeconds : 0
  }

  private func roundBytes(_ bucket: Int) -> Double {
    let parts = isWhole(bucket) ? 1 : Double(cluster.hosts)
    return slice(bucket) * Double(MemoryLayout<Float>.stride) * Double(cluster.hosts - 1) / parts
  }

  /// A core's work to send and receive one round.
  private func coreSeconds(_ bucket: Int) -> Double {
    2 * roundBytes(bucket) * cluster.link.coreSecondsPerByte
  }

  /// One round of a slice: its bytes queue for the host's interface, then they are on their way.
  private func transfer(_ bucket: Int, _ arrival: @escaping () -> Void) {
    let seconds = roundBytes(bucket) / cluster.link.bandwidth
    interfaceFree = max(interfaceFree, queue.now) + seconds
    linkSeconds += seconds
    queue.schedule(after: interfaceFree - queue.now + cluster.link.latency, arrival)
  }
}
