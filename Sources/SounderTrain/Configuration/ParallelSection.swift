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
  /// How the gradients of ranks become one.
  public var reduction = DataParallel.Reduction.mean
  /// How gradients are made smaller for the way between hosts.
  public var compression = Compression.Kind.none
  /// The part of the values that top-k sends.
  public var compressionRatio = 0.01
  /// The rank of PowerSGD's approximation.
  public var compressionRank = 1
  /// The first step that PowerSGD compresses.
  public var compressionStart = 10
  /// The factor by which PowerSGD must make a matrix smaller.
  public var compressionMinRate = 2.0
  /// Who moves transfers to other hosts on while a rank computes.
  public var communicationThread = CommunicationThread.auto
  /// Parts into which every batch is cut; nil means one per rank.
  public var virtualShards: Int?
  /// Steps from one mean of the ranks' parameters to the next; 1 makes every step synchronous.
  public var syncEvery = 1
  /// Synchronous steps before the first local one.
  public var syncAfter = 0
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
  /// Seconds after which a wait for another rank is reported; nil or 0 for never.
  public var stallWarning: Double? = 5

  /// The defaults.
  public init() {}

  static let fields: [ConfigurationField<Self>] = [
    .choice("mode", \.mode, "How workers agree on parameters.", synonyms: ["kind", "type"]),
    .choice("update", \.update, "Where parameters and optimiser state live in a sync job."),
    .choice(
      "shard_state", \.shardState,
      "Whether optimiser state is kept once per host or once in all (ZeRO-1).",
      synonyms: ["zero", "zero_stage", "optimizer_sharding"]),
    .choice(
      "reduction", \.reduction,
      "How the gradients of ranks become one: their mean, or adasum, which adds what is orthogonal.",
      synonyms: ["reduce_op", "reduction_op", "op", "adasum"]),
    .choice(
      "compression", \.compression,
      "How gradients are made smaller for the way between hosts; all but none change the result.",
      synonyms: ["comm_hook", "compress", "gradient_compression"]),
    .number(
      "compression_ratio", \.compressionRatio, .fraction,
      "Part of the values that compression: topk sends, greater than 0.",
      synonyms: ["topk_ratio"]),
    .integer(
      "compression_rank", \.compressionRank, in: 1...256,
      "Rank of the approximation of compression: powersgd.",
      synonyms: ["powersgd_rank", "matrix_approximation_rank"]),
    .integer(
      "compression_start", \.compressionStart, in: 0...Int.max,
      "First step that compression: powersgd approximates.",
      synonyms: ["start_powersgd_iter", "compression_start_step"]),
    .number(
      "compression_min_rate", \.compressionMinRate, .positive,
      "Matrices that compression: powersgd would not make smaller by this factor travel as they are.",
      synonyms: ["min_compression_rate"]),
    .choice(
      "communication_thread", \.communicationThread,
      "Whether a thread moves transfers to other hosts on; auto is where a core is free for it.",
      synonyms: ["comm_thread", "progress_thread"]),
    .integer(
      "virtual_shards", \.virtualShards, in: 1...4_096, or: "auto",
      "Parts of every batch; a fixed number makes results independent of the ranks, "
        + "auto is one per rank.",
      synonyms: ["shards"]),
    .integer(
      "sync_every", \.syncEvery, in: 1...Int.max,
      "Steps each rank takes alone before the ranks' parameters are averaged; 1 shares every gradient.",
      synonyms: ["local_steps", "sync_interval"]),
    .integer(
      "sync_after", \.syncAfter, in: 0...Int.max,
      "Steps with shared gradients before sync_every holds.",
      synonyms: ["start_local_sgd_iter", "local_sgd_start"]),
    .integer(
      "workers", \.workers, in: 1...1_024, "Hogwild's worker threads per rank.",
      synonyms: ["threads", "num_workers"]),
    .integer(
      "bucket_bytes", \.bucketBytes, in: 1_024...(1 << 32), or: "auto",
      "Size of a gradient bucket; the first and last are smaller; auto is what suits this machine.",
      synonyms: ["bucket_size"]),
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
    .number(
      "stall_warning", \.stallWarning, .nonNegative,
      "Seconds after which a wait for other ranks is reported; 0 or null turns that off.",
      synonyms: ["stall"]),
  ]
}
