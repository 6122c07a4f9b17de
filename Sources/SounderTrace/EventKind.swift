/// What an event is an event of.
public enum EventKind: UInt8, Sendable, BitwiseCopyable, CaseIterable {
  /// One step of training, which holds most of the others.
  case step = 1
  /// The forward pass of a shard.
  case forward
  /// The backward pass of a shard.
  case backward
  /// A bucket of gradients is complete on this rank; an instant.
  case bucketReady
  /// A bucket is summed over the ranks and, where the optimiser is fused into that, updated.
  case bucketReduce
  /// Parameters are updated apart from the sum.
  case bucketUpdate
  /// A collective operation of all ranks.
  case collective
  /// Blocked until another rank arrives; `a` is the rank.
  case wait
  /// A message to or from one rank.
  case message
  /// A call of the MPI library that may block.
  case mpi
  /// Data between hosts.
  case network
  /// Waiting for the data loader, or the loader's own work.
  case data
  /// A judgement of the model on the test data.
  case evaluate
  /// Writing files.
  case save
  /// Anything else worth a name.
  case phase
  /// An operator of a forward pass; recorded only while operators are traced.
  case operatorForward
  /// The derivative of an operator in a backward pass; recorded only while operators are traced.
  case operatorBackward

  /// The kind in words, the category of a trace viewer.
  public var label: String {
    switch self {
    case .step: "step"
    case .forward: "forward"
    case .backward: "backward"
    case .bucketReady: "bucket ready"
    case .bucketReduce: "bucket reduce"
    case .bucketUpdate: "bucket update"
    case .collective: "collective"
    case .wait: "wait"
    case .message: "message"
    case .mpi: "MPI"
    case .network: "network"
    case .data: "data"
    case .evaluate: "evaluate"
    case .save: "save"
    case .phase: "phase"
    case .operatorForward: "operator"
    case .operatorBackward: "operator backward"
    }
  }

  /// How the time of such an event counts in the summary of a run.
  var share: TimeShare {
    switch self {
    case .bucketReduce, .collective, .message, .mpi, .network: .communication
    case .wait: .waiting
    case .data: .data
    default: .compute
    }
  }
}

/// What a rank's time is spent on; time inside a nested event counts for that event only.
enum TimeShare { case compute, communication, waiting, data }
