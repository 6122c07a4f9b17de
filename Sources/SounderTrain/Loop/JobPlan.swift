import SounderNN

/// The size of a job, known before its first step.
public struct JobPlan: Sendable, CustomStringConvertible {
  /// The widths of all layers, from the features to the outputs.
  public let widths: [Int]
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
  /// An estimate of the memory for data, parameters, gradients and optimiser state, in bytes.
  public let memoryBytes: Int

  /// The plan of a configuration with its data.
  public init(_ configuration: Configuration, _ data: DatasetSplits) {
    let train = data.train
    widths = [train.featureCount] + configuration.hiddenWidths + [train.outputCount]
    parameterCount =
      configuration
      .makeModel(inputs: train.featureCount, outputs: train.outputCount).parameterCount
    trainCount = train.count
    testCount = data.test.count
    let batchSize = configuration.train.batchSize
    stepsPerEpoch = (train.count + batchSize - 1) / batchSize
    let (all, overflow) = stepsPerEpoch.multipliedReportingOverflow(by: configuration.train.epochs)
    stepCount = min(overflow ? Int.max : all, configuration.train.maxSteps ?? Int.max)
    let state = configuration.optimizerConfiguration.stateSlotCount
    let samples =
      (train.count + data.test.count) * train.featureCount * train.features.dtype.byteSize
    memoryBytes = samples + 4 * parameterCount * (2 + state) + 12 * batchSize * widths.reduce(0, +)
  }

  /// The plan in a few lines.
  public var description: String {
    let mebibytes = (memoryBytes + (1 << 20) - 1) >> 20
    return """
      model       \(widths.map(String.init).joined(separator: " → ")), \(parameterCount) parameters
      data        \(trainCount) training and \(testCount) test samples
      steps       \(stepsPerEpoch) per epoch, \(stepCount) in all
      memory      about \(mebibytes) MiB

      """
  }
}
