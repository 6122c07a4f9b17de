import SounderArray

/// Samples in memory: one row of features and one target each.
public struct Dataset: Sendable {
  /// What the targets are.
  public enum Targets: Sendable, Equatable {
    /// Class numbers below the count, as int64.
    case classes(Int)
    /// Numbers, as float32.
    case values
  }

  /// Where the samples came from, for messages and summaries.
  public let name: String
  /// The features, `[samples, features]`, contiguous; uint8 or float32, before scaling.
  public let features: NDArray
  /// The targets, `[samples]`, contiguous.
  public let targets: NDArray
  /// What the targets are.
  public let targetKind: Targets
  /// What is done to features on their way into a batch.
  public var scaling: FeatureScaling

  /// A set of samples; the arrays must be contiguous and agree in their first extent.
  public init(
    name: String, features: NDArray, targets: NDArray, targetKind: Targets,
    scaling: FeatureScaling = .identity
  ) {
    require(
      features.rank == 2 && targets.rank == 1 && features.shape[0] == targets.shape[0],
      "Dataset: features \(features.shape) and targets \(targets.shape) do not match")
    require(
      features.isContiguous && targets.isContiguous
        && (features.dtype == .uint8 || features.dtype == .float32),
      "Dataset: features must be contiguous uint8 or float32, targets contiguous")
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

  /// The number of outputs a model needs: classes, or one for a number.
  public var outputCount: Int {
    switch targetKind {
    case .classes(let count): count
    case .values: 1
    }
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
