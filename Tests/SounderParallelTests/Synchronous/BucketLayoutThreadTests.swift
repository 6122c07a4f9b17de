import Foundation
import SounderArray
import SounderAutograd
import SounderComm
import SounderNN
import Testing

@testable import SounderParallel

@Suite("The layout of gradient buckets")
struct BucketLayoutThreadTests {
  @Test("DP-03 DP-04: The first and last bucket are small, none is larger than asked")
  func sizes() {
    let ranges = (0..<40).map { $0 * 64..<$0 * 64 + 50 }
    let plan = BucketPlan(
      ranges: ranges, order: Array(ranges.indices.reversed()),
      sizes: BucketSizes(first: 400, regular: 2000, last: 600))
    let counts = plan.buckets.map { $0.segments.count }
    #expect(counts.first == 2 && counts.last == 3)
    #expect(counts.dropFirst().dropLast().dropLast().allSatisfy { $0 == 10 })
    #expect(counts.reduce(0, +) == 40)
    let flat = plan.buckets.flatMap { $0.segments.map(\.parameter).reversed() }
    #expect(flat == Array((0..<40).reversed()), "in the order given")
  }

  @Test("DP-03: Any number of parameters is dealt completely", arguments: 0...6)
  func few(count: Int) {
    let ranges = (0..<count).map { $0 * 1024..<$0 * 1024 + 1000 }
    for bytes in [4, 4000, 1 << 20] {
      let plan = BucketPlan(
        ranges: ranges, order: Array(ranges.indices), sizes: BucketSizes(regular: bytes))
      #expect(plan.buckets.flatMap { $0.segments.map(\.parameter) }.sorted() == Array(0..<count))
      #expect(plan.buckets.allSatisfy { !$0.segments.isEmpty })
    }
  }

  @Test(
    "DP-05 DP-06: Buckets begin in reverse order of declaration, follow the observed order once, then stay"
  )
  func replanned() throws {
    let runs = try ThreadGroup.run(ranks: 3, timeout: .seconds(60)) { group in
      try self.layouts(group, steps: 6) { _ in
        ["second", "unused", "sometimes", "first"]
      }
    }
    for run in runs {
      #expect(
        run.map { $0.buckets.flatMap(\.self) }.first == ["unused", "sometimes", "second", "first"])
      #expect(run.count == 2 && run == runs[0], "planned again once")
      #expect(run.last?.buckets.flatMap(\.self) == ["first", "sometimes", "unused", "second"])
    }
  }

  @Test("DP-06 DP-11: A changed graph is planned for again, an alternating one is not")
  func changed() throws {
    let one = ["second", "unused", "sometimes", "first"]
    let other = ["unused", "second", "first"]
    let changes = try ThreadGroup.run(ranks: 2, timeout: .seconds(60)) { group in
      try self.layouts(group, steps: 9) { $0 < 4 ? one : other }.count
    }
    #expect(changes == [3, 3])
    let alternating = try layouts(SingleProcessGroup(), steps: 9) { $0 % 2 == 0 ? one : other }
    #expect(alternating.count == 2)
  }

  /// The layouts a run has, the first included; a step uses parameters in the order given.
  private func layouts(
    _ group: any ProcessGroup, steps: Int, _ use: (Int) -> [String]
  ) throws -> [BucketLayout] {
    let model = TwoLayers()
    var options = DataParallel.Options()
    options.bucketBytes = 64
    let parallel = try DataParallel(
      model: model, optimizer: .sgd(learningRate: 0.01), group: group, options: options)
    var found = [parallel.bucketLayout]
    parallel.onBucketLayout = { found.append($0) }
    for step in 0..<steps {
      _ = try parallel.step(learningRate: 0.01, sampleCount: group.size) { _ in
        let used = use(step).map { name in
          model.namedParameters.first { $0.name == name }?.tensor ?? model.first
        }
        return used.dropFirst().reduce(used[0].sum()) { ($1 * $0).mean() }
      }
    }
    return found
  }

  @Test("DP-06: A saved layout comes back as it was and is kept")
  func saved() throws {
    let model = TwoLayers()
    let layout = BucketLayout(buckets: [["second", "unused"], ["first"], ["sometimes"]])
    let data = try JSONEncoder().encode(layout)
    var options = DataParallel.Options()
    options.bucketLayout = try JSONDecoder().decode(BucketLayout.self, from: data)
    let parallel = try DataParallel(
      model: model, optimizer: .sgd(learningRate: 0.01), group: SingleProcessGroup(),
      options: options)
    for _ in 0..<3 {
      _ = try parallel.step(learningRate: 0.01, sampleCount: 1) { _ in
        (model.first.sum() + model.second.sum() + model.sometimes.sum()) * model.unused.sum()
      }
    }
    #expect(parallel.bucketLayout == layout)
  }

  @Test(
    "DP-06: A layout that does not fit the model is refused by name",
    arguments: [
      ([["second"], ["first", "sometimes"]], "'unused' is in no bucket"),
      ([["second", "third"]], "no parameter 'third'"),
      ([["second", "second", "first", "sometimes", "unused"]], "names it twice"),
    ])
  func misfit(buckets: [[String]], message: String) {
    #expect {
      var options = DataParallel.Options()
      options.bucketLayout = BucketLayout(buckets: buckets)
      _ = try DataParallel(
        model: TwoLayers(), optimizer: .sgd(learningRate: 0.01), group: SingleProcessGroup(),
        options: options)
    } throws: { "\($0)".contains(message) }
  }

  @Test(
    "DP-07: Random layouts don't change a bit, and buckets are published in their order",
    arguments: 0..<6)
  func random(seed: Int) throws {
    var stream = RandomStream(seed: UInt64(seed), stream: 0)
    let run = TrainingRun(clipNorm: seed % 2 == 0 ? 0.5 : nil)
    let reference = try run(SingleProcessGroup())
    var names = run.makeModel().namedParameters.map(\.name)
    for index in names.indices.reversed() { names.swapAt(index, stream.next(below: index + 1)) }
    var buckets: [[String]] = []
    for name in names {
      if buckets.isEmpty || stream.next(below: 2) == 0 { buckets.append([]) }
      buckets[buckets.count - 1].append(name)
    }
    for (ranks, hosts) in [(1, 1), (3, 1), (4, 2)] {
      var varied = run
      varied.ranks = ranks
      varied.layout = BucketLayout(buckets: buckets)
      let results = try ThreadGroup.run(ranks: ranks, hosts: hosts, timeout: .seconds(60)) {
        [varied] group in
        var published: [Int] = []
        let result = try varied(group) { job in
          job.reducer.observer = { event, bucket in
            if event == .published { published.append(bucket) }
          }
        }
        return (result, published)
      }
      for (result, published) in results {
        #expect(result == reference, "\(ranks) ranks, \(buckets)")
        let step = Array(buckets.indices)
        #expect(published == (0..<run.steps).flatMap { _ in step })
      }
    }
  }
}
