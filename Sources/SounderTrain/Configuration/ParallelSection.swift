import SounderComm
import SounderParallel

/// How workers agree on parameters.
public enum ParallelMode: String, Sendable, CaseIterable {
  /// Every step uses the gradients of all ranks.
  case sync
  /// Workers update shared parameters without locks.
  case hogwild
}

/// The `parallel` section: how ranks and workers share the work.
public struct ParallelSection: Sendable, Equatable {
  /// The mode.
  public var mode = ParallelMode.sync
  /// The form of the synchronous update.
  public var update = DataParallel.Update.sharded
  /// How far optimiser state is shared out.
  public var shardState = DataParallel.ShardState.host
  /// Parts into which every batch is cut; nil means one per rank.
  public var virtualShards: Int?
  /// Hogwild's worker threads per rank.
  public var workers = 1
  /// The size of a gradient bucket; nil means that a measurement decides.
  public var bucketBytes: Int?
  /// The size up to which every rank sums everything; nil means that a measurement decides.
  public var crossoverBytes: Int?
  /// Steps between two comparisons of the copies of the model; 0 never compares.
  public var checkEvery = 100
  /// Seconds after which a silent peer is an error.
  public var timeout = 120.0

  /// The defaults.
  public init() {}

  static let fields: [ConfigurationField<Self>] = [
    .choice("mode", \.mode, "How workers agree on parameters.", synonyms: ["kind", "type"]),
    .choice("update", \.update, "Where parameters and optimiser state live in a sync job."),
    .choice(
      "shard_state", \.shardState,
      "Whether optimiser state is kept once per host or once in all (ZeRO-1).",
      synonyms: ["zero", "zero_stage", "optimizer_sharding"]),
    .integer(
      "virtual_shards", \.virtualShards, in: 1...4_096, or: "auto",
      "Parts of every batch; a fixed number makes results independent of the ranks, "
        + "auto is one per rank.",
      synonyms: ["shards"]),
    .integer(
      "workers", \.workers, in: 1...1_024, "Hogwild's worker threads per rank.",
      synonyms: ["threads", "num_workers"]),
    .integer(
      "bucket_bytes", \.bucketBytes, in: 1_024...(1 << 32), or: "auto",
      "Size of a gradient bucket; auto is what suits this machine.", synonyms: ["bucket_size"]),
    .integer(
      "crossover_bytes", \.crossoverBytes, in: SharedMemoryTuning.crossoverRange, or: "auto",
      "Size up to which each rank sums everything and beyond which a slice; auto is measured.",
      synonyms: ["crossover"]),
    .integer(
      "check_every", \.checkEvery, in: 0...Int.max,
      "Steps after which the ranks' copies of the model are compared in a sync job; 0 never does.",
      synonyms: ["divergence_check", "check_interval"]),
    .number(
      "timeout", \.timeout, .positive, "Seconds after which a silent peer is an error.",
      synonyms: ["deadline"]),
  ]
}
