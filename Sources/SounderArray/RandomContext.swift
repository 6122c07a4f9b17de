import CKernels

/// The coordinates from which layers draw random numbers: seed, step and shard of the batch.
///
/// A layer that draws twice at the same coordinates gets the same numbers, whichever rank it runs on: this
/// is what makes a result independent of the number of ranks.
public struct RandomContext: Sendable {
  /// The run's seed.
  public var seed: UInt64
  /// The training step.
  public var step: UInt64
  /// The virtual shard of the batch.
  public var shard: UInt64

  /// A context with the given coordinates.
  public init(seed: UInt64, step: UInt64 = 0, shard: UInt64 = 0) {
    self.seed = seed
    self.step = step
    self.shard = shard
  }

  /// The context in force on this thread; seed 0, step 0, shard 0 outside any scope.
  public static var current: RandomContext {
    guard let context = ck_thread().pointee.random_context else { return RandomContext(seed: 0) }
    return context.assumingMemoryBound(to: RandomContext.self).pointee
  }

  /// The stream of a layer under the context in force.
  public static func stream(for layer: UInt64) -> RandomStream { current.stream(for: layer) }

  /// The stream of a layer: a hash of step, shard and layer under the seed.
  public func stream(for layer: UInt64) -> RandomStream {
    // Two Philox blocks mix 192 bits of coordinates into the 64 of a stream's name.
    var words: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
    func mix(_ a: UInt64, _ b: UInt64, key: UInt64) -> UInt64 {
      let counter = [a.low, a.high, b.low, b.high]
      withUnsafeMutableBytes(of: &words) {
        ck_philox_block(
          $0.baseAddress?.assumingMemoryBound(to: UInt32.self), counter, [key.low, key.high])
      }
      return UInt64(words.0) | UInt64(words.1) << 32
    }
    return RandomStream(seed: seed, stream: mix(mix(step, shard, key: seed), layer, key: seed))
  }
}

extension UInt64 {
  fileprivate var low: UInt32 { UInt32(truncatingIfNeeded: self) }
  fileprivate var high: UInt32 { UInt32(truncatingIfNeeded: self >> 32) }
}

/// Runs `body` with a random context in force on this thread.
public func withRandomContext<Result>(_ context: RandomContext, _ body: () throws -> Result)
  rethrows -> Result
{
  let memory = UnsafeMutablePointer<RandomContext>.allocate(capacity: 1)
  memory.initialize(to: context)
  let outer = ck_thread().pointee.random_context
  ck_thread().pointee.random_context = UnsafeMutableRawPointer(memory)
  defer {
    ck_thread().pointee.random_context = outer
    memory.deallocate()
  }
  return try body()
}
