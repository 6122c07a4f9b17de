extension DatasetSplits {
  /// The data that a configuration asks for.
  ///
  /// - Parameter vocabulary: The characters of an earlier run's model; nil takes those of the text.
  /// - Throws: ``DataError`` when a file is missing or damaged.
  public static func load(
    _ configuration: Configuration, vocabulary: Vocabulary? = nil
  ) throws(DataError) -> DatasetSplits {
    let data = configuration.data
    switch data.kind {
    case .digits:
      var splits = DigitsDataset.make(
        seed: configuration.seed, trainCount: data.trainCount, testCount: data.testCount)
      switch data.normalize {
      case .auto, .unit: break
      case .none: splits.train.scaling = .identity
      case .standard: splits.train.scaling = .standardizingAll(splits.train.features)
      }
      splits.test.scaling = splits.train.scaling
      return splits
    case .idx: return try IDXDataset.load(directory: data.path ?? "", normalize: data.normalize)
    case .csv: return try CSVDataset.load(data, seed: configuration.seed)
    case .text:
      return try TextDataset.load(
        path: data.path ?? "", length: data.blockLength, vocabulary: vocabulary)
    }
  }
}
