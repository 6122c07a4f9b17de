/// The rules that join several keys: combinations that cannot work, and values without effect.
struct ConfigurationConstraints {
  let configuration: Configuration
  /// Where each key that was given stands.
  let locations: [String: ConfigurationDiagnostic.Location]
  /// Where to point when no key of a rule was given.
  let fallback: ConfigurationDiagnostic.Location

  /// Every rule that is violated.
  func diagnostics() -> [ConfigurationDiagnostic] {
    data + model + optimizer + schedule + parallel + run + ineffective
  }

  private func isGiven(_ key: String) -> Bool { locations[key] != nil }

  /// A message at the first of the keys that was given.
  private func diagnostic(
    _ keys: String..., severity: ConfigurationDiagnostic.Severity = .error, message: String
  ) -> ConfigurationDiagnostic {
    let location = keys.lazy.compactMap { locations[$0] }.first ?? fallback
    return ConfigurationDiagnostic(severity: severity, location: location, message: message)
  }

  private var data: [ConfigurationDiagnostic] {
    let data = configuration.data
    guard data.kind != .digits, (data.path ?? "").isEmpty else { return [] }
    let what =
      switch data.kind {
      case .idx: "the directory of the four MNIST files"
      case .text: "the text"
      case .csv, .digits: "the table"
      }
    return [
      diagnostic(
        "data.path", "data.kind",
        message: "data.kind: \(data.kind.rawValue) needs data.path, \(what)")
    ]
  }

  private var run: [ConfigurationDiagnostic] {
    let run = configuration.run
    guard let steps = run.traceSteps else { return [] }
    if TraceWindow(steps) == nil {
      return [
        diagnostic(
          "run.trace_steps",
          message:
            "run.trace_steps: '\(steps)' is no range of steps; write 10..20, or 7 for one step")
      ]
    }
    if !run.trace {
      return [
        diagnostic(
          "run.trace_steps", severity: .warning,
          message: "run.trace_steps has no effect without run.trace: true")
      ]
    }
    return []
  }

  private var model: [ConfigurationDiagnostic] {
    let (model, data) = (configuration.model, configuration.data)
    var found: [ConfigurationDiagnostic] = []
    func fail(_ keys: [String], _ message: String) {
      let location = keys.lazy.compactMap { locations[$0] }.first ?? fallback
      found.append(ConfigurationDiagnostic(location: location, message: message))
    }
    if model.kind == .layers, model.layers == nil {
      fail(["model.kind"], "model.kind: layers needs model.layers, the list of layers")
    }
    if model.kind != .layers, model.layers != nil {
      fail(
        ["model.layers"],
        "model.layers needs model.kind: layers, not \(model.kind.rawValue); leave one of them out")
    }
    if model.kind == .gpt, model.width % model.heads != 0 {
      fail(
        ["model.heads", "model.width"],
        "model.width (\(model.width)) must be a multiple of model.heads (\(model.heads))")
    }
    let wanted: String? =
      switch model.kind {
      case .gpt: data.kind == .text ? nil : "data.kind: text"
      case .cnn:
        data.kind == .digits || data.kind == .idx ? nil : "images (data.kind: idx or digits)"
      case .mlp, .linear:
        data.kind == .text ? "numbers; use model.kind: gpt or layers for text" : nil
      case .layers: nil
      }
    if let wanted {
      fail(
        ["model.kind", "data.kind"],
        "model.kind: \(model.kind.rawValue) needs \(wanted)")
    }
    return found
  }

  private var optimizer: [ConfigurationDiagnostic] {
    let optimizer = configuration.optimizer
    guard optimizer.nesterov, optimizer.momentum == 0, optimizer.kind == .sgd else { return [] }
    return [
      diagnostic(
        "optimizer.nesterov", message: "nesterov needs optimizer.momentum greater than 0")
    ]
  }

  private var schedule: [ConfigurationDiagnostic] {
    guard configuration.schedule.minLr > configuration.optimizer.lr else { return [] }
    return [
      diagnostic(
        "schedule.min_lr", "optimizer.lr",
        message: "schedule.min_lr is greater than optimizer.lr")
    ]
  }

  private var parallel: [ConfigurationDiagnostic] {
    let parallel = configuration.parallel
    var found: [ConfigurationDiagnostic] = []
    if let shards = parallel.virtualShards, shards > configuration.train.batchSize {
      found.append(
        diagnostic(
          "parallel.virtual_shards", "train.batch_size",
          message: "parallel.virtual_shards (\(shards)) exceeds train.batch_size "
            + "(\(configuration.train.batchSize)): some shards would be empty"))
    }
    if parallel.shardState == .all
      && (parallel.mode == .hogwild || parallel.update == .replicated)
    {
      found.append(
        diagnostic(
          "parallel.shard_state", "parallel.update",
          message:
            "parallel.shard_state: all needs parallel.mode: sync and parallel.update: sharded; "
            + "the other forms keep all optimiser state where they update"))
    }
    if parallel.compression == .powersgd && parallel.shardState == .all {
      found.append(
        diagnostic(
          "parallel.compression", "parallel.shard_state",
          message:
            "parallel.compression: powersgd approximates whole matrices and needs "
            + "parallel.shard_state: host"))
    }
    if parallel.syncEvery > 1 && (parallel.mode == .hogwild || parallel.update != .replicated) {
      found.append(
        diagnostic(
          "parallel.sync_every", "parallel.update",
          message:
            "parallel.sync_every: \(parallel.syncEvery) lets each rank change its own copy of the model, "
            + "which needs parallel.mode: sync and parallel.update: replicated"))
    }
    if parallel.reduction == .adasum {
      let reasons: [(key: String, isWrong: Bool, wayOut: String)] = [
        ("parallel.mode", parallel.mode == .hogwild, "needs parallel.mode: sync"),
        (
          "parallel.virtual_shards", parallel.virtualShards != nil,
          "depends on the number of ranks and needs parallel.virtual_shards: auto"
        ),
        ("parallel.shard_state", parallel.shardState == .all, "needs parallel.shard_state: host"),
        ("parallel.compression", parallel.compression != .none, "needs parallel.compression: none"),
        ("parallel.sync_every", parallel.syncEvery > 1, "needs parallel.sync_every: 1"),
      ]
      for reason in reasons where reason.isWrong {
        found.append(
          diagnostic(
            reason.key, "parallel.reduction",
            message: "parallel.reduction: adasum \(reason.wayOut)"))
      }
    }
    if parallel.compression == .topk && parallel.compressionRatio == 0 {
      found.append(
        diagnostic(
          "parallel.compression_ratio",
          message: "parallel.compression_ratio must be greater than 0: topk would send nothing"))
    }
    guard parallel.mode == .hogwild else {
      if parallel.workers > 1 {
        found.append(
          diagnostic(
            "parallel.workers",
            message: "parallel.workers needs parallel.mode: hogwild; "
              + "in sync mode start more ranks"))
      }
      return found
    }
    if configuration.optimizer.kind != .sgd {
      found.append(
        diagnostic(
          "optimizer.kind", "parallel.mode",
          message: "parallel.mode: hogwild works with optimizer.kind: sgd only"))
    }
    if configuration.train.clipNorm != nil {
      found.append(
        diagnostic(
          "train.clip_norm",
          message: "train.clip_norm has no meaning in parallel.mode: hogwild, "
            + "where no gradient is ever whole"))
    }
    if configuration.train.accumulate > 1 {
      found.append(
        diagnostic(
          "train.accumulate",
          message: "train.accumulate has no meaning in parallel.mode: hogwild, "
            + "where every batch is an update; raise train.batch_size"))
    }
    if isGiven("parallel.virtual_shards"), parallel.virtualShards != nil {
      found.append(
        diagnostic(
          "parallel.virtual_shards",
          message: "parallel.virtual_shards has no meaning in parallel.mode: hogwild, "
            + "whose workers take whole batches; set it to auto"))
    }
    if isGiven("parallel.update") {
      found.append(
        diagnostic(
          "parallel.update",
          message: "parallel.update: \(parallel.update.rawValue) has no meaning in "
            + "parallel.mode: hogwild, whose workers update shared parameters"))
    }
    return found
  }

  /// The kinds of models that look at each key.
  private static let modelKeys: [(key: String, kinds: [ModelKind])] = [
    ("model.hidden", [.mlp, .cnn]), ("model.activation", [.mlp, .cnn]),
    ("model.dropout", [.mlp, .cnn, .gpt]), ("model.layer_norm", [.mlp]),
    ("model.channels", [.cnn]), ("model.depth", [.gpt]), ("model.heads", [.gpt]),
    ("model.width", [.gpt]), ("model.bias", [.gpt]),
  ]

  /// Keys that were given but change nothing, so that nobody tunes them in vain.
  private var ineffective: [ConfigurationDiagnostic] {
    let optimizer = configuration.optimizer.kind
    let isAdam = optimizer != .sgd
    let data = configuration.data.kind
    let schedule = configuration.schedule.kind
    let model = configuration.model.kind
    let compression = configuration.parallel.compression
    var rules: [(keys: [String], isIneffective: Bool, reason: String)] = [
      (
        ["optimizer.momentum", "optimizer.nesterov"], isAdam,
        "optimizer.kind: \(optimizer.rawValue)"
      ),
      (["optimizer.beta1", "optimizer.beta2", "optimizer.eps"], !isAdam, "optimizer.kind: sgd"),
    ]
    rules += Self.modelKeys.map { key, kinds in
      ([key], !kinds.contains(model), "model.kind: \(model.rawValue)")
    }
    rules += [
      (
        ["train.on_nan", "parallel.check_every"], configuration.parallel.mode == .hogwild,
        "parallel.mode: hogwild"
      ),
      (["parallel.sync_after"], configuration.parallel.syncEvery == 1, "parallel.sync_every: 1"),
      (
        ["parallel.compression"], configuration.parallel.mode == .hogwild, "parallel.mode: hogwild"
      ),
      (
        ["parallel.compression_ratio"], compression != .topk,
        "parallel.compression: \(compression.rawValue)"
      ),
      (
        [
          "parallel.compression_rank", "parallel.compression_start",
          "parallel.compression_min_rate",
        ], compression != .powersgd, "parallel.compression: \(compression.rawValue)"
      ),
      (["data.path"], data == .digits, "data.kind: digits"),
      (["data.train_count", "data.test_count"], data != .digits, "data.kind: \(data.rawValue)"),
      (["data.block_length"], data != .text, "data.kind: \(data.rawValue)"),
      (["data.normalize"], data == .text, "data.kind: text"),
      (
        ["data.standardize_target"],
        data != .csv || configuration.data.task != .regression, "anything but csv regression"
      ),
      (
        ["optimizer.decay_scope"], configuration.optimizer.weightDecay == 0,
        "optimizer.weight_decay: 0"
      ),
      (
        [
          "data.target", "data.task", "data.header", "data.test_fraction", "data.test_path",
          "data.missing", "data.categories",
        ],
        data != .csv, "data.kind: \(data.rawValue)"
      ),
      (
        ["schedule.step_size", "schedule.gamma"], schedule != .step,
        "schedule.kind: \(schedule.rawValue)"
      ),
      (["schedule.min_lr"], schedule != .cosine, "schedule.kind: \(schedule.rawValue)"),
    ]
    return rules.filter(\.isIneffective).flatMap { rule in
      rule.keys.filter(isGiven).map {
        diagnostic($0, severity: .warning, message: "'\($0)' has no effect with \(rule.reason)")
      }
    }
  }
}
