import Testing

@testable import SounderParallel

/// The event model against steps whose time can be written down.
@Suite struct StepSimulationTests {
  private static let sum = 2e-9
  private static let update = 3e-9
  private static let flag = 5e-6

  /// Buckets of equal size that become ready at equal distances in the second half of the step.
  private func profile(buckets: Int, elements: Int, compute: Double = 0.1) -> StepProfile {
    StepProfile(
      bucketElements: Array(repeating: elements, count: buckets),
      readySeconds: (1...buckets).map { compute / 2 * (1 + Double($0) / Double(buckets)) },
      computeSeconds: compute)
  }

  private func cluster(
    hosts: Int = 1, ranks: Int, cores: Int = 64, bandwidth: Double = 1e9, latency: Double = 0,
    update form: DataParallel.Update = .sharded, shardState: DataParallel.ShardState = .host,
    wire: WireModel = WireModel(), copy: Double = 0, finish: Double = 0, message: Double = 0
  ) -> ClusterModel {
    ClusterModel(
      hosts: hosts, ranksPerHost: ranks, update: form, shardState: shardState, wire: wire,
      host: HostSpeed(
        cores: cores, sumSeconds: Self.sum, copySeconds: copy, updateSeconds: Self.update,
        finishSeconds: finish, messageSeconds: message, flagSeconds: Self.flag),
      link: LinkSpeed(bandwidth: bandwidth, latency: latency))
  }

  /// Adding an element up over a host's ranks.
  private func sum(of ranks: Int) -> Double { ranks > 1 ? Double(ranks) * Self.sum : 0 }

  private func isClose(_ left: Double, _ right: Double) -> Bool {
    abs(left - right) <= 1e-9 * max(abs(left), abs(right)) + 1e-12
  }

  @Test(
    "One host: a rank computes, adds all gradients in its slice, updates it and meets the others",
    arguments: [1, 2, 4, 8], [1, 7, 100])
  func oneHost(ranks: Int, buckets: Int) {
    let elements = 100_000
    let outcome = StepSimulation(
      profile(buckets: buckets, elements: elements), on: cluster(ranks: ranks)
    ).run()
    let all = Double(buckets * elements)
    let work = all / Double(ranks) * (sum(of: ranks) + Self.update)
    #expect(isClose(outcome.reductionSeconds, work))
    #expect(isClose(outcome.stepSeconds, 0.1 + work + (ranks > 1 ? Self.flag : 0)))
    #expect(outcome.linkSeconds == 0)
  }

  @Test("More ranks than cores: everything takes as much longer", arguments: [2, 4, 8])
  func timeSlicing(ranks: Int) {
    let profile = profile(buckets: 10, elements: 10_000)
    let many = StepSimulation(profile, on: cluster(ranks: ranks, cores: 2)).run()
    let free = StepSimulation(profile, on: cluster(ranks: ranks)).run()
    #expect(isClose(many.stepSeconds, free.stepSeconds * Double(ranks) / 2))
  }

  @Test("A loader's thread costs nothing while a core is free for it, and its time when none is")
  func loader() {
    let profile = StepProfile(
      bucketElements: [10], readySeconds: [0.1], computeSeconds: 0.1, loaderSeconds: 0.02)
    #expect(
      isClose(StepSimulation(profile, on: cluster(ranks: 1, cores: 2)).run().computeSeconds, 0.1))
    #expect(
      isClose(StepSimulation(profile, on: cluster(ranks: 2, cores: 2)).run().computeSeconds, 0.12))
  }

  @Test(
    "Updates that wait for all sums come after a meeting: of slices, or of everything where ranks have copies",
    arguments: [DataParallel.Update.sharded, .replicated])
  func lateUpdates(form: DataParallel.Update) {
    let profile = profile(buckets: 4, elements: 50_000)
    let finish = 7e-9
    let outcome = StepSimulation(
      profile, on: cluster(ranks: 2, update: form, finish: finish)
    ).run()
    let (all, slices) = (200_000.0, 100_000.0)
    let late = (form == .replicated ? all : slices) * finish
    let early = slices * (sum(of: 2) + Self.update)
    #expect(isClose(outcome.stepSeconds, 0.1 + early + 2 * Self.flag + late))
  }

  @Test(
    "A single bucket at the end of the step pays both rounds in full",
    arguments: [2, 3, 16, 1024], [1, 4])
  func exposedBucket(hosts: Int, ranks: Int) {
    let (elements, bandwidth, latency) = (1 << 20, 125e6, 5e-3)
    let profile = StepProfile(
      bucketElements: [elements], readySeconds: [0.05], computeSeconds: 0.05)
    let outcome = StepSimulation(
      profile,
      on: cluster(hosts: hosts, ranks: ranks, bandwidth: bandwidth, latency: latency)
    ).run()
    // 2 (H − 1) / H · B bytes go through the host's interface.
    let bytes = 2 * Double(hosts - 1) / Double(hosts) * Double(elements) * 4
    #expect(isClose(outcome.linkSeconds, bytes / bandwidth))
    let own = Double(elements) / Double(ranks)
    // Two hosts send each other everything at once.
    let (rounds, summed) = hosts == 2 ? (1.0, 2.0) : (2.0, 1.0)
    let work = own * (sum(of: ranks) + summed * Self.sum + Self.update)
    let flag = ranks > 1 ? Self.flag : 0
    if ranks == 1 {
      #expect(
        isClose(outcome.stepSeconds, 0.05 + work + flag + outcome.linkSeconds + rounds * latency))
    } else {
      // The ranks' rounds queue for the interface, so that additions may hide behind them.
      #expect(outcome.stepSeconds >= 0.05 + outcome.linkSeconds + latency)
      #expect(outcome.stepSeconds <= 0.05 + work + flag + outcome.linkSeconds + rounds * latency)
    }
  }

  @Test("Small buckets go to all hosts whole, in one round")
  func smallBucket() {
    let (elements, hosts, latency) = (4096, 5, 1e-3)
    let profile = StepProfile(
      bucketElements: [elements], readySeconds: [0.01], computeSeconds: 0.01)
    let outcome = StepSimulation(
      profile, on: cluster(hosts: hosts, ranks: 1, bandwidth: 1e9, latency: latency)
    ).run()
    let bytes = Double(hosts - 1) * Double(elements) * 4
    #expect(isClose(outcome.linkSeconds, bytes / 1e9))
    let work = Double(elements) * (Self.sum * Double(hosts) + Self.update)
    #expect(isClose(outcome.stepSeconds, 0.01 + work + bytes / 1e9 + latency))
  }

  @Test("A slow link bounds the step, a fast one is hidden but for the last bucket")
  func overlap() {
    let profile = profile(buckets: 50, elements: 100_000)
    let slow = StepSimulation(
      profile, on: cluster(hosts: 4, ranks: 1, bandwidth: 10e6)
    ).run()
    let bytes = 1.5 * 50 * 100_000 * 4
    #expect(isClose(slow.linkSeconds, bytes / 10e6))
    // The link is idle until the first bucket is ready, then never again.
    #expect(slow.stepSeconds > 0.051 + slow.linkSeconds)
    #expect(slow.stepSeconds < 1.01 * (0.051 + slow.linkSeconds))
    let fast = StepSimulation(profile, on: cluster(hosts: 4, ranks: 1, bandwidth: 2e9)).run()
    let last = 1.5 * 100_000 * 4 / 2e9
    #expect(fast.exposedSeconds < 2 * last)
    #expect(fast.hiddenSeconds > 0.9 * fast.linkSeconds)
  }

  @Test("A core pays for putting values into messages, for TCP on both ways, and for MPI's copy")
  func messages() {
    let (elements, hosts) = (1 << 20, 4)
    let profile = StepProfile(
      bucketElements: [elements], readySeconds: [0.05], computeSeconds: 0.05)
    let (copy, message) = (1e-9, 3e-10)
    let free = cluster(hosts: hosts, ranks: 1)
    let paid = cluster(hosts: hosts, ranks: 1, copy: copy, message: message)
    let difference =
      StepSimulation(profile, on: paid).run().stepSeconds
      - StepSimulation(profile, on: free).run().stepSeconds
    let (all, part) = (Double(elements), Double(elements) / 4)
    // The host's sum, three parts sent, the outcome written and sent, three outcomes taken.
    let copies = (all + 3 * part + part + part + 3 * part) * copy
    let bytes = 2 * 3 * part * 4
    #expect(isClose(difference, copies + bytes * (2 * message + copy / 4)))
    var own = paid
    own.link.coreSecondsPerByte = 0
    let offloaded = StepSimulation(profile, on: own).run().stepSeconds
    #expect(isClose(offloaded, free.step(profile) + copies))
  }

  @Test("Coded gradients are fewer bytes, and writing and reading them is a core's work")
  func compression() {
    let (elements, bandwidth) = (1 << 20, 125e6)
    let profile = StepProfile(
      bucketElements: [elements], readySeconds: [0.05], computeSeconds: 0.05)
    let (encode, decode) = (2e-9, 1e-9)
    let wire = WireModel(bytesPerElement: 1, encodeSeconds: encode, decodeSeconds: decode)
    let plain = cluster(hosts: 2, ranks: 1, bandwidth: bandwidth)
    let coded = cluster(hosts: 2, ranks: 1, bandwidth: bandwidth, wire: wire)
    let all = Double(elements)
    #expect(
      isClose(
        coded.step(profile), plain.step(profile) - 3 * all / bandwidth + all * (encode + decode)))
  }

  @Test(
    "Optimiser state shared out over hosts: everybody updates a part, and parameters travel plain")
  func sharedState() {
    let (elements, hosts) = (1 << 20, 4)
    let profile = StepProfile(
      bucketElements: [elements], readySeconds: [0.05], computeSeconds: 0.05)
    let (all, part) = (Double(elements), Double(elements) / 4)
    let own = cluster(hosts: hosts, ranks: 1).step(profile)
    let shared = cluster(hosts: hosts, ranks: 1, shardState: .all).step(profile)
    #expect(isClose(own - shared, (all - part) * Self.update))
    let wire = WireModel(bytesPerElement: 1, encodeSeconds: 0, decodeSeconds: 0)
    let outcome = StepSimulation(
      profile, on: cluster(hosts: hosts, ranks: 1, shardState: .all, wire: wire)
    ).run()
    #expect(isClose(outcome.linkSeconds, 3 * part * (1 + 4) / 1e9))
  }

  @Test("Events happen in the order of time, then of scheduling")
  func order() {
    var queue = EventQueue()
    var seen: [Int] = []
    for (number, delay) in [3.0, 1, 2, 1, 0, 3].enumerated() {
      queue.schedule(after: delay) { seen.append(number) }
    }
    while let action = queue.next() { action() }
    #expect(seen == [4, 1, 3, 2, 0, 5])
    #expect(queue.now == 3)
  }
}

extension ClusterModel {
  /// Seconds of a step on this cluster.
  fileprivate func step(_ profile: StepProfile) -> Double {
    StepSimulation(profile, on: self).run().stepSeconds
  }
}
