import SounderAutograd

/// Takes training steps together with other ranks.
public protocol SynchronousStepping: AnyObject {
  /// How the batch is cut, over all ranks.
  var plan: ShardPlan { get }
  /// The virtual shards this rank computes.
  var shards: Range<Int> { get }
  /// The bytes that the ranks of this host share.
  var sharedByteCount: Int { get }
  /// Refuses the size of a batch that the model cannot be trained with.
  /// - Throws: ``ParallelError``, on all ranks alike.
  func check(batch sampleCount: Int) throws
  /// Takes one step; see ``DataParallel/step(learningRate:sampleCount:stopRequested:loss:)``.
  func step(
    learningRate: Double, sampleCount: Int, stopRequested: Bool,
    loss: (_ shard: Int) throws -> Tensor
  ) throws -> DataParallel.Outcome
  /// Makes the models of all ranks equal, before they are evaluated or saved; all ranks call this.
  func settle() throws
}

extension DataParallel: SynchronousStepping {
  /// Nothing: the models are equal after every step.
  public func settle() {}
}
