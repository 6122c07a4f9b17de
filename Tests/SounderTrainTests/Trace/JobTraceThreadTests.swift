import Foundation
import SounderComm
import SounderTrace
import Testing

@testable import SounderTrain

/// A traced job of the tests, as its file reads.
struct TracedRun {
  let scratch: TemporaryDirectory
  let directory: RunDirectory
  let trace: JSONValue
  let events: [JSONValue]

  init(ranks: Int, hosts: Int = 1, _ overrides: String...) throws {
    let scratch = try TemporaryDirectory()
    self.scratch = scratch
    let resolved = try ConfigurationReader.read(
      yaml: """
        data: {kind: digits, train_count: 190, test_count: 40}
        model: {hidden: [16], dropout: 0.1}
        train: {epochs: 2, batch_size: 32, log_every: 4}
        parallel: {virtual_shards: 4}
        run: {trace: true, trace_steps: 3..6}
        """, overrides: overrides)
    let job = TrainingJob(
      configuration: resolved, data: try DatasetSplits.load(resolved.configuration),
      runDirectory: "\(scratch.path)/run", style: .json)
    try ThreadGroup.run(ranks: ranks, hosts: hosts) { _ = try job.run($0) }
    directory = RunDirectory(path: "\(scratch.path)/run")
    trace = try JSONValue(parsing: Data(contentsOf: URL(fileURLWithPath: directory.trace)))
    events = trace["traceEvents"]?.array ?? []
  }

  /// Spans with a category, of a rank.
  func spans(_ category: String, rank: Int) -> [JSONValue] {
    events.filter {
      $0["ph"]?.string == "X" && $0["cat"]?.string == category && $0["pid"]?.integer == rank
    }
  }
}

@Suite("The trace of a job")
struct JobTraceThreadTests {
  @Test("DA-10: every rank has a lane with the steps asked for", arguments: [1, 2, 4])
  func lanes(ranks: Int) throws {
    let run = try TracedRun(ranks: ranks)
    for rank in 0..<ranks {
      let steps = run.spans("step", rank: rank).compactMap { $0["args"]?["step"]?.integer }
      #expect(steps == [3, 4, 5, 6])
      let names = run.events.filter {
        $0["ph"]?.string == "M" && $0["pid"]?.integer == rank
          && $0["name"]?.string == "process_name"
      }
      #expect(names.count == 1)
      #expect(names.first?["args"]?["name"]?.string?.hasPrefix("rank \(rank) (") ?? false)
      #expect(run.spans("forward", rank: rank).count == 4 * 4 / ranks)
      #expect(run.spans("bucket reduce", rank: rank).count >= 4)
    }
    #expect(run.trace["otherData"]?["dropped_events"]?.integer == 0)
    #expect(run.events.allSatisfy { ($0["ts"]?.number ?? 0) >= 0 })
  }

  @Test("DA-10: spans of a thread nest", arguments: [1, 2])
  func nesting(ranks: Int) throws {
    let run = try TracedRun(ranks: ranks)
    var threads: [[Int]: [(begin: Double, end: Double)]] = [:]
    for event in run.events where event["ph"]?.string == "X" {
      let key = [event["pid"]?.integer ?? -1, event["tid"]?.integer ?? -1]
      let begin = try #require(event["ts"]?.number)
      threads[key, default: []].append((begin, begin + (try #require(event["dur"]?.number))))
    }
    #expect(threads.count == 2 * ranks)
    for spans in threads.values {
      var open: [Double] = []
      for span in spans.sorted(by: { ($0.begin, -$0.end) < ($1.begin, -$1.end) }) {
        // Microseconds with three decimals, added as floating-point numbers.
        while let end = open.last, end <= span.begin + 1e-4 { open.removeLast() }
        if let end = open.last { #expect(span.end <= end + 1e-4) }
        open.append(span.end)
      }
    }
  }

  @Test("DA-10: an arrow leads from every recorded operator to its derivative, once")
  func pairs() throws {
    let run = try TracedRun(ranks: 2)
    for rank in 0..<2 {
      func nodes(_ category: String) -> [Int] {
        run.spans(category, rank: rank).compactMap { $0["args"]?["node"]?.integer }
          .filter { $0 != 0 }.sorted()
      }
      // Shards of whole steps were traced: what went forward came back.
      #expect(nodes("operator") == nodes("operator backward"))
      #expect(nodes("operator").count >= 4 * 2 * 5)
      func ends(_ phase: String) -> [String] {
        run.events.filter { $0["ph"]?.string == phase && $0["pid"]?.integer == rank }
          .compactMap { $0["id"]?.string }.sorted()
      }
      #expect(ends("s") == ends("f"))
      #expect(ends("s") == nodes("operator").map { "\(rank).\($0)" }.sorted())
    }
    let linear = run.spans("operator backward", rank: 0).filter {
      $0["name"]?.string == "LinearBackward"
    }
    #expect(linear.count == 4 * 2 * 2)
  }

  @Test("DA-10: ranks of two hosts are merged with messages and aligned clocks")
  func hosts() throws {
    let run = try TracedRun(ranks: 4, hosts: 2)
    let begins = (0..<4).map { rank in
      run.spans("step", rank: rank).compactMap { $0["ts"]?.number }
    }
    let ends = (0..<4).map { rank in
      run.spans("step", rank: rank).map { ($0["ts"]?.number ?? 0) + ($0["dur"]?.number ?? 0) }
    }
    // No rank ends a step before every rank has begun it, but for the error of the clocks.
    for step in 0..<4 {
      let lastBegin = begins.map { $0[step] }.max() ?? 0
      let firstEnd = ends.map { $0[step] }.min() ?? 0
      #expect(firstEnd > lastBegin - 1000)
    }
  }

  @Test("DA-10: a job of lock-free workers has a lane for each")
  func hogwild() throws {
    let run = try TracedRun(
      ranks: 1, "parallel.mode=hogwild", "parallel.workers=2", "parallel.virtual_shards=auto")
    let names = run.events.filter { $0["name"]?.string == "thread_name" }
      .compactMap { $0["args"]?["name"]?.string }
    #expect(names.contains("main"))
    #expect(names.contains("worker 1"))
    #expect(!run.spans("operator backward", rank: 0).isEmpty)
  }

  @Test("DP-02, DA-10: the summary says where the time of every rank went, trace or not")
  func summary() throws {
    let run = try TracedRun(ranks: 2)
    let summary = try JSONValue(
      parsing: Data(contentsOf: URL(fileURLWithPath: run.directory.summary)))
    let ranks = try #require(summary["time"]?["ranks"]?.array)
    #expect(ranks.count == 2)
    for rank in ranks {
      let parts = ["compute", "hidden", "exposed", "waiting", "data"]
        .compactMap { rank["\($0)_seconds"]?.number }
      let steps = try #require(rank["step_seconds"]?.number)
      #expect(parts.count == 5)
      #expect(abs(parts.reduce(0, +) - steps) < 1e-6 * Double(parts.count))
      #expect(try #require(rank["compute_seconds"]?.number) > 0)
    }
    let overlap = try #require(summary["time"]?["overlap"]?.number)
    #expect(overlap > 0 && overlap <= 1)
  }

  @Test("A trace travels between ranks as bytes")
  func bytes() throws {
    let recorder = Recorder(rank: 5, ranks: 8)
    recorder.attach("a \"thread\"\n") {
      recorder.setTracing(true)
      Trace.span(.save, "save \u{1}\\", 1, 2) {}
      Trace.instant(.bucketReady, "ready", 3)
    }
    let still = ClockAlignment.Sample(time: 0, offset: 10, roundTrip: 0)
    let trace = RankTrace(recorder, host: "h", clocks: .init(first: still, last: still))
    let copy = try #require(RankTrace(trace.bytes))
    #expect(copy.rank == 5)
    #expect(copy.names == ["save \u{1}\\", "ready"])
    #expect(copy.threads == trace.threads)
    #expect(copy.events.map(\.begin) == trace.events.map(\.begin))
    #expect(copy.events.map(\.b) == [2, 0])
    #expect(RankTrace(Array(trace.bytes.dropLast())) == nil)
    #expect(RankTrace([1, 2, 3]) == nil)
  }

  @Test("DA-10: names with quotes, backslashes and control characters make valid JSON")
  func escaping() throws {
    let recorder = Recorder(rank: 0)
    recorder.attach("main") {
      recorder.setTracing(true)
      Trace.span(.phase, EventName(interning: "a \"b\" \\ \n \u{1} é")) {}
      let flight = Trace.beginInFlight(.network, "flight", 1, 2)
      Trace.end(flight)
    }
    let still = ClockAlignment.Sample(time: 0, offset: 0, roundTrip: 0)
    let trace = RankTrace(recorder, host: "a\"b", clocks: .init(first: still, last: still))
    let scratch = try TemporaryDirectory()
    let path = "\(scratch.path)/trace.json"
    try AtomicFile.write(to: path) { file throws(FileError) in
      var writer = ChromeTraceWriter(file, origin: trace.begin ?? 0)
      try writer.write(trace)
      try writer.finish(["steps": "1..2"])
    }
    let value = try JSONValue(parsing: Data(contentsOf: URL(fileURLWithPath: path)))
    let events = try #require(value["traceEvents"]?.array)
    let names = events.compactMap { $0["name"]?.string }
    #expect(names.contains("a \"b\" \\ \n \u{1} é"))
    let flight = events.filter { $0["name"]?.string == "flight" }
    #expect(flight.compactMap { $0["ph"]?.string } == ["b", "e"])
    #expect(Set(flight.compactMap { $0["id"]?.string }).count == 1)
  }
}
