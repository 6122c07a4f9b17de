import CKernels
import SounderArray

/// Times calls that consume a gradient, which every rank rewrites before each one, as training does.
///
/// The time of the rewriting, measured on its own, is subtracted. The fastest of several repetitions
/// counts, and of the ranks the slowest.
package struct RewritingClock {
  /// A gradient and what is done with it; one step of all ranks.
  package struct Call {
    let count: Int
    let gradient: UnsafeMutablePointer<Float>
    let run: () throws -> Void

    /// A call that consumes `count` elements.
    package init(
      count: Int, gradient: UnsafeMutablePointer<Float>, run: @escaping () throws -> Void
    ) {
      self.count = count
      self.gradient = gradient
      self.run = run
    }

    func rewrite(_ value: Float) {
      for index in 0..<count { gradient[index] = value }
    }
  }

  private let group: any ProcessGroup
  private let repetitions: Int

  /// A clock; all ranks make it with the same arguments.
  package init(group: any ProcessGroup, repetitions: Int) {
    self.group = group
    self.repetitions = repetitions
  }

  private static let values = 100

  /// What a rank has written before the last call.
  static func lastValue(of rank: Int) -> Float { Float(values + rank) }

  /// Seconds a call of each kind, the same on all ranks.
  ///
  /// The kinds take turns within every repetition: what else the machine does, and on which cores it lets
  /// the ranks run, changes all of them alike, and their ratios mean something.
  package func seconds(of calls: [Call]) throws -> [Double] {
    var rewriting = calls.map { _ in Double.infinity }
    var both = rewriting
    for repetition in 0...repetitions {
      for (index, call) in calls.enumerated() {
        let times = try measure(call)
        guard repetition > 0 else { continue }  // the first one warms up
        rewriting[index] = min(rewriting[index], times.rewriting)
        both[index] = min(both[index], times.both)
      }
    }
    var seconds = calls.indices.map {
      max(both[$0] - rewriting[$0], 0) / Double(turns(of: calls[$0]))
    }
    try seconds.withUnsafeMutableBytes { try group.allReduce($0, .float64, .max) }
    return seconds
  }

  /// How often a call is repeated at a stretch: more ranks than cores take far longer for one.
  private func turns(of call: Call) -> Int {
    max(2, min(500, (64 << 20) / (call.count * 4)) / max(group.size / 2, 1))
  }

  private func measure(_ call: Call) throws -> (rewriting: Double, both: Double) {
    let turns = turns(of: call)
    try group.barrier()
    let rewriting = elapsed { for turn in 0..<turns { call.rewrite(value(turn, of: turns)) } }
    try group.barrier()
    let both = try elapsed {
      for turn in 0..<turns {
        call.rewrite(value(turn, of: turns))
        try call.run()
      }
    }
    return (rewriting, both)
  }

  private func value(_ turn: Int, of calls: Int) -> Float {
    turn == calls - 1 ? Self.lastValue(of: group.rank) : Float(turn % Self.values + group.rank)
  }

  private func elapsed(_ body: () throws -> Void) rethrows -> Double {
    let start = ck_monotonic_nanoseconds()
    try body()
    return Double(ck_monotonic_nanoseconds() - start) * 1e-9
  }
}
