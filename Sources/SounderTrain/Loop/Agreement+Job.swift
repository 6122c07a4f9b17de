import SounderArray
import SounderComm

extension Agreement {
  /// What all ranks of a training job must have in common before they build a model: the program, the
  /// configuration and the samples.
  ///
  /// Hosts may keep the same data at different paths, and only rank 0 writes into the run's directory, so
  /// these keys may differ.
  init(_ configuration: Configuration, _ data: DatasetSplits) {
    self.init()
    addBuild()
    for field in Configuration.schema.fields {
      if field.name.hasPrefix("run.") || Self.paths.contains(field.name) { continue }
      add(.configuration, field.name, field.read(configuration).yaml)
    }
    let names = Self.names(of: configuration.data.kind)
    add(data.train, named: names[0], names[1])
    add(data.test, named: names[2], names[3])
  }

  private static let paths = ["data.path", "data.test_path"]

  /// Where features and targets for training and testing come from, as the user knows it.
  private static func names(of kind: DataKind) -> [String] {
    switch kind {
    case .idx:
      ["train-images", "train-labels", "t10k-images", "t10k-labels"].map { "the file \($0)" }
    case .digits, .csv, .text:
      ["training features", "training targets", "test features", "test targets"]
        .map { "the content of the \($0) (data.kind: \(kind.rawValue))" }
    }
  }

  private mutating func add(_ samples: Dataset, named features: String, _ targets: String) {
    for (name, array) in [(features, samples.features), (targets, samples.targets)] {
      var digest = Digest()
      digest.add(array)
      add(.data, name, "\(array.dtype) \(array.shape) with digest \(digest.short)")
    }
  }
}
