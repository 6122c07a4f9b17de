import SounderNN

/// The size of a job, known before its first step.
public struct JobPlan: Sendable, CustomStringConvertible {
  /// The model in short: `784-256-128-10`, `gpt 4 × 128`.
  public let architecture: String
  /// The layers of a model made of layers, with the shapes they give.
  public let layers: LayerStackPlan?
  /// The number of parameters.
  public let parameterCount: Int
  /// Training samples.
  public let trainCount: Int
  /// Test samples.
  public let testCount: Int
  /// Steps in which every training sample is visited once.
  public let stepsPerEpoch: Int
  /// Steps of the whole job.
  public let stepCount: Int
  /// A rough estimate of the memory one process needs for the whole job, in bytes.
  let memoryBytes: Int
  /// The part of it that activations of a whole batch take.
  let activationBytes: Int

  /// The plan of a configuration with its data.
  ///
  /// - Throws: ``ConfigurationError`` if model and data do not fit.
  public init(_ configuration: Configuration, _ data: DatasetSplits) throws(ConfigurationError) {
    let train = data.train
    parameterCount = try configuration.makeModel(for: train).parameterCount
    layers =
      configuration.model.kind == .layers
      ? try LayerStackPlan(
        configuration.model.layers ?? [], input: train.inputShape, output: train.outputShape)
      : nil
    architecture = Self.architecture(configuration, train)
    trainCount = train.count
    testCount = data.test.count
    let batchSize = configuration.train.batchSize
    let samplesPerStep = configuration.train.samplesPerStep
    stepsPerEpoch = (train.count + samplesPerStep - 1) / samplesPerStep
    let (all, overflow) = stepsPerEpoch.multipliedReportingOverflow(by: configuration.train.epochs)
    stepCount = min(overflow ? Int.max : all, configuration.train.maxSteps ?? Int.max)
    let state = configuration.optimizerConfiguration.stateSlotCount
    let samples =
      train.vocabulary != nil
      ? 4 * train.count
      : (train.count + data.test.count) * train.featureCount * train.features.dtype.byteSize
    let values = Self.valuesPerSample(configuration, train, layers)
    activationBytes = 12 * batchSize * values
    memoryBytes = samples + 4 * parameterCount * (4 + state) + activationBytes
  }

  private static func architecture(_ configuration: Configuration, _ data: Dataset) -> String {
    let model = configuration.model
    func joined(_ values: [Int]) -> String { values.map(String.init).joined(separator: "-") }
    switch model.kind {
    case .mlp, .linear:
      return joined([data.featureCount] + configuration.hiddenWidths + [data.outputCount])
    case .cnn: return "cnn \(joined(model.channels)), \(joined(model.hidden + [data.outputCount]))"
    case .gpt: return "gpt \(model.depth) × \(model.width), \(model.heads) heads"
    case .layers: return "of \(model.layers?.count ?? 0) layers"
    }
  }

  /// About how many numbers the model makes of one sample.
  private static func valuesPerSample(
    _ configuration: Configuration, _ data: Dataset, _ layers: LayerStackPlan?
  ) -> Int {
    let model = configuration.model
    switch model.kind {
    case .mlp, .linear:
      return data.featureCount + configuration.hiddenWidths.reduce(0, +) + data.outputCount
    case .cnn: return data.featureCount * (1 + 2 * model.channels.reduce(0, +))
    case .gpt:
      let perToken = model.depth * (16 * model.width + 3 * model.heads * data.featureCount)
      return data.featureCount * (perToken + 2 * data.outputCount)
    case .layers:
      return (layers?.steps ?? []).reduce(0) { $0 + $1.plan.output.extents.reduce(1, *) }
    }
  }

  private var layerLines: String {
    (layers?.steps ?? []).map { step in
      "\n              \(step.specification.yaml) → \(step.plan.output)"
    }.joined()
  }

  /// The plan as a member of JSON output.
  public var json: JSONObject {
    [
      "architecture": .string(architecture), "parameters": .integer(parameterCount),
      "train_samples": .integer(trainCount), "test_samples": .integer(testCount),
      "steps_per_epoch": .integer(stepsPerEpoch), "steps": .integer(stepCount),
    ]
  }

  /// The plan in a few lines.
  public var description: String {
    """
    model       \(architecture), \(parameterCount) parameters\(layerLines)
    data        \(trainCount) training and \(testCount) test samples
    steps       \(stepsPerEpoch) per epoch, \(stepCount) in all

    """
  }
}
