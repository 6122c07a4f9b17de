import SounderArray

/// Samples in memory: one row of features and one target, or a row of targets, each.
public struct Dataset: Sendable {
  /// What the targets are.
  public enum Targets: Sendable, Equatable {
    /// Class numbers below the count, as int64.
    case classes(Int)
    /// Numbers, as float32.
    case values
    /// The successor of every feature, all of them numbers of characters, as int32.
    case tokens(Vocabulary)
  }

  /// Where the samples came from, for messages and summaries.
  public let name: String
  /// The features, `[samples, features]`; uint8 or float32 before scaling, int32 for characters.
  public let features: NDArray
  /// The targets, `[samples]`, or `[samples, features]` for characters.
  public let targets: NDArray
  /// What the targets are.
  public let targetKind: Targets
  /// What is done to features on their way into a batch.
  public var scaling: FeatureScaling
  /// What is done to targets that are values, so that models predict numbers around zero.
  public var targetScaling = TargetScaling()
  /// The extents of a sample as models with convolutions see it: channels, height and width.
  public var sampleShape: [Int]

  /// A set of samples; the arrays must agree in their first extent and, unless they hold characters,
  /// be contiguous.
  public init(
    name: String, features: NDArray, targets: NDArray, targetKind: Targets,
    scaling: FeatureScaling = .identity, sampleShape: [Int]? = nil
  ) {
    if case .tokens = targetKind {
      require(
        features.rank == 2 && targets.shape == features.shape && features.dtype == .int32
          && targets.dtype == .int32 && features.strides[1] == 1 && targets.strides[1] == 1,
        "Dataset: blocks \(features.shape) and \(targets.shape) of characters do not match")
    } else {
      require(
        features.rank == 2 && targets.rank == 1 && features.shape[0] == targets.shape[0],
        "Dataset: features \(features.shape) and targets \(targets.shape) do not match")
      require(
        features.isContiguous && targets.isContiguous
          && (features.dtype == .uint8 || features.dtype == .float32),
        "Dataset: features must be contiguous uint8 or float32, targets contiguous")
    }
    let extents = sampleShape ?? [features.shape[1]]
    require(
      extents.reduce(1, *) == features.shape[1],
      "Dataset: \(features.shape[1]) features cannot have the shape \(extents)")
    self.sampleShape = extents
    self.name = name
    self.features = features
    self.targets = targets
    self.targetKind = targetKind
    self.scaling = scaling
  }

  /// The number of samples.
  public var count: Int { features.shape[0] }

  /// The number of features of a sample.
  public var featureCount: Int { features.shape[1] }

  /// The number of outputs a model needs: classes, one for a number, or the characters there are.
  public var outputCount: Int {
    switch targetKind {
    case .classes(let count): count
    case .values: 1
    case .tokens(let vocabulary): vocabulary.count
    }
  }

  /// The characters, if the samples are text.
  public var vocabulary: Vocabulary? {
    if case .tokens(let vocabulary) = targetKind { vocabulary } else { nil }
  }

  /// The number of predictions that are judged in each sample.
  public var targetsPerSample: Int { vocabulary == nil ? 1 : featureCount }

  /// What models get, without the batch dimension.
  public var inputShape: LayerShape {
    LayerShape(sampleShape, vocabulary: vocabulary?.count)
  }

  /// What models must give, without the batch dimension.
  public var outputShape: [Int] {
    vocabulary == nil ? [outputCount] : [featureCount, outputCount]
  }
}

/// An affine change of the values to predict: a model learns (value − mean) / deviation.
public struct TargetScaling: Sendable, Equatable {
  /// What is subtracted.
  public var mean = 0.0
  /// What the rest is divided by.
  public var deviation = 1.0

  /// No change.
  public init() {}

  /// A change to mean 0 and deviation 1 by the statistics of the given values.
  public init(standardizing values: [Double]) {
    let count = Double(max(values.count, 1))
    let center = values.reduce(0, +) / count
    let variance = values.reduce(0) { $0 + ($1 - center) * ($1 - center) } / count
    mean = center
    // Constant targets keep deviation 1, so that they become 0 rather than not-a-number.
    deviation = variance > 0 ? variance.squareRoot() : 1
  }
}

/// The samples to learn from and those to judge by.
public struct DatasetSplits: Sendable {
  /// The samples to learn from.
  public var train: Dataset
  /// The samples to judge by.
  public var test: Dataset

  /// Both sets; they must have the same features and targets.
  public init(train: Dataset, test: Dataset) {
    self.train = train
    self.test = test
  }
}
