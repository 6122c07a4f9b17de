import CKernels
import Foundation
import Testing

@testable import SounderTrace

/// Keeps what it is told, for tests.
final class ListSink: EventSink, @unchecked Sendable {
  // @unchecked: guarded by `lock`.
  private let lock = NSLock()
  private var begun: [Event] = []
  private var ended: [Event] = []

  func begin(_ event: Event) { lock.withLock { begun.append(event) } }
  func end(_ event: Event) { lock.withLock { ended.append(event) } }
  var begins: [Event] { lock.withLock { begun } }
  var ends: [Event] { lock.withLock { ended } }
}

@Suite("A rank's recorder")
struct RecorderThreadTests {
  @Test("DA-10: without a recorder nothing is recorded and bodies still run")
  func nothingWithoutRecorder() {
    #expect(Recorder.current == nil)
    #expect(Trace.begin(.step, "step") == nil)
    #expect(Trace.beginOperator() == 0)
    #expect(Trace.span(.wait, "wait") { 7 } == 7)
  }

  @Test("DA-13: the sink sees begins before ends, numbered from 1, without tracing")
  func sinkSeesCoarseEvents() {
    let sink = ListSink()
    let recorder = Recorder(rank: 3, ranks: 4, sink: sink)
    recorder.attach("main") {
      Trace.span(.step, "step", 9) { Trace.span(.wait, "bucket", 1, 2) {} }
      Trace.instant(.bucketReady, "ready", 5)
    }
    #expect(sink.begins.map(\.sequence) == [1, 2])
    #expect(sink.ends.map(\.sequence) == [2, 1, 3])
    #expect(sink.begins.allSatisfy { $0.end == 0 && $0.rank == 3 })
    #expect(sink.ends.map(\.name.text) == ["bucket", "step", "ready"])
    #expect(sink.ends.allSatisfy { $0.end >= $0.begin && $0.begin > 0 })
    #expect(recorder.kept.allSatisfy { $0.events.isEmpty })
    #expect(Recorder.current == nil)
  }

  @Test("DA-10: a span that throws ends, too")
  func throwingSpanEnds() {
    struct Failure: Error {}
    let sink = ListSink()
    Recorder(rank: 0, sink: sink).attach("main") {
      #expect(throws: Failure.self) { try Trace.span(.save, "save") { throw Failure() } }
    }
    #expect(sink.ends.count == 1)
  }

  @Test("DA-10: operators are kept only while tracing is on")
  func operatorsWhileTracing() {
    let recorder = Recorder(rank: 0)
    let kept = recorder.attach("main") {
      #expect(Trace.beginOperator() == 0)
      recorder.setTracing(true)
      let begin = Trace.beginOperator()
      Trace.endOperator(.operatorForward, "relu", begin: begin, sequence: 41, elements: 8)
      recorder.setTracing(false)
      #expect(Trace.beginOperator() == 0)
      return Array(recorder.kept[0].events)
    }
    #expect(kept.count == 1)
    #expect(kept.first?.sequence == 41)
    #expect(kept.first?.name.text == "relu")
    #expect(kept.first?.a == 8)
  }

  @Test("DA-10: ranks that are threads of one process record apart", arguments: [2, 8])
  func ranksRecordApart(ranks: Int) {
    let recorders = (0..<ranks).map { Recorder(rank: $0, ranks: ranks) }
    let done = DispatchGroup()
    for recorder in recorders {
      done.enter()
      Thread {
        recorder.attach("main") {
          recorder.setTracing(true)
          for step in 0..<100 { Trace.span(.step, "step", step) {} }
        }
        done.leave()
      }.start()
    }
    done.wait()
    for recorder in recorders {
      #expect(recorder.kept.count == 1)
      #expect(recorder.kept[0].events.map(\.a) == (0..<100).map { Int64($0) })
      #expect(recorder.kept[0].events.allSatisfy { Int($0.rank) == recorder.rank })
    }
  }

  @Test("DA-10: a thread takes the recorder along and can be read while it records")
  func threadsInherit() {
    let recorder = Recorder(rank: 1, ranks: 2)
    let kept = recorder.attach("main") { () -> [[Event]] in
      recorder.setTracing(true)
      let inherited = Recorder.current
      let worker = DispatchSemaphore(value: 0)
      Thread {
        Recorder.attach(inherited, "loader") {
          for batch in 0..<5_000 { Trace.span(.data, "gather", batch) {} }
        }
        worker.signal()
      }.start()
      // Reads concurrently: only complete events may be seen.
      for _ in 0..<50 {
        for thread in recorder.kept {
          #expect(thread.events.allSatisfy { $0.end >= $0.begin && $0.begin > 0 })
        }
      }
      worker.wait()
      return recorder.kept.map { Array($0.events) }
    }
    #expect(recorder.kept.map(\.name) == ["main", "loader"])
    #expect(kept[1].map(\.a) == (0..<5_000).map { Int64($0) })
    #expect(kept[1].allSatisfy { $0.thread == 1 })
  }

  @Test("DA-10: events beyond a thread's memory are counted, not written")
  func fullThread() {
    let recorder = Recorder(rank: 0)
    recorder.attach("main") {
      recorder.setTracing(true)
      for _ in 0..<ThreadRecord.capacity + 10 { Trace.instant(.phase, "mark") }
    }
    #expect(recorder.kept[0].events.count == Int(ThreadRecord.capacity))
    #expect(recorder.kept[0].dropped == 10)
  }

  @Test("Names made at run time are kept once, and equal literals read alike")
  func names() {
    let name = EventName(interning: "Custom" + String(4))
    #expect(name == EventName(interning: "Custom4"))
    #expect(name.text == "Custom4")
    #expect(("literal" as EventName).text == "literal")
  }
}
