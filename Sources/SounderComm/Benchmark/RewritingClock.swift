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

  /// Seconds a call, the same on all ranks.
  package func seconds(of call: Call) throws -> Double {
    // More ranks than cores take far longer for a call.
    let calls = max(2, min(500, (64 << 20) / (call.count * 4)) / max(group.size / 2, 1))
    var rewriting = Double.infinity
    var both = Double.infinity
    for repetition in 0...repetitions {
      try group.barrier()
      let first = elapsed { for turn in 0..<calls { call.rewrite(value(turn, of: calls)) } }
      try group.barrier()
      let second = try elapsed {
        for turn in 0..<calls {
          call.rewrite(value(turn, of: calls))
          try call.run()
        }
      }
      guard repetition > 0 else { continue }  // the first one warms up
      rewriting = min(rewriting, first)
      both = min(both, second)
    }
    var time = max(both - rewriting, 0) / Double(calls)
    try withUnsafeMutableBytes(of: &time) { try group.allReduce($0, .float64, .max) }
    return time
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
