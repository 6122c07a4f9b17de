/// Where samples come from.
public enum DataKind: String, Sendable, CaseIterable {
  /// Digits drawn by the program.
  case digits
  /// Files in the format of MNIST.
  case idx
  /// A table with one sample a line.
  case csv
  /// A text of which each character is predicted from those before it.
  case text
}

/// What becomes of values that a table does not have.
public enum MissingValues: String, Sendable, CaseIterable {
  /// They are an error.
  case error
  /// They become the mean of their column in the training split.
  case mean
}

/// What becomes of texts in the columns of a table.
public enum CategoryEncoding: String, Sendable, CaseIterable {
  /// They are an error.
  case error
  /// Each text of a column becomes a feature that is 1 where the text stands and 0 elsewhere.
  case oneHot = "one_hot"
}

/// What a model is asked to predict.
public enum PredictionTask: String, Sendable, CaseIterable {
  /// One of several classes.
  case classification
  /// A number.
  case regression
}

/// How features are scaled before the model sees them.
public enum Normalization: String, Sendable, CaseIterable {
  /// `unit` for images, `none` for tables.
  case auto
  /// Values as they are in the file.
  case none
  /// Bytes divided by 255.
  case unit
  /// Mean 0 and deviation 1, by the statistics of the training split.
  case standard
}

/// Whether a table begins with the names of its columns.
public enum TableHeader: String, Sendable, CaseIterable {
  /// Decided by the first line: a header if it holds no number.
  case auto
  /// The first line names the columns.
  case present
  /// The first line is a sample.
  case absent
}

/// The `data` section: what the model learns from.
public struct DataSection: Sendable, Equatable {
  /// The source of the samples.
  public var kind = DataKind.digits
  /// The directory of the IDX files, or the CSV file.
  public var path: String?
  /// The number of digits drawn for training.
  public var trainCount = 12_000
  /// The number of digits drawn for testing.
  public var testCount = 2_000
  /// The scaling of the features.
  public var normalize = Normalization.auto
  /// The column to predict, by name or number from 1; the last one when nil.
  public var target: String?
  /// What is predicted from a table.
  public var task = PredictionTask.classification
  /// Whether a table has a header.
  public var header = TableHeader.auto
  /// The share of a table kept for testing when `testPath` is nil.
  public var testFraction = 0.2
  /// A second table, for testing.
  public var testPath: String?
  /// What becomes of missing values of a table.
  public var missing = MissingValues.error
  /// What becomes of texts of a table.
  public var categories = CategoryEncoding.error
  /// Whether the values to predict are brought to mean 0 and deviation 1 for the model.
  public var standardizeTarget = false
  /// The characters of a block of text.
  public var blockLength = 64
  /// Whether each epoch visits the samples in a new order.
  public var shuffle = true

  /// The defaults.
  public init() {}

  static let fields: [ConfigurationField<Self>] = [
    .choice("kind", \.kind, "Where samples come from.", synonyms: ["type", "dataset", "name"]),
    .string(
      "path", \.path, "The directory of the IDX files (idx), the table (csv) or the text (text).",
      synonyms: ["dir", "directory", "root", "file"]),
    .integer(
      "train_count", \.trainCount, in: 1...10_000_000, "Digits drawn for training.",
      synonyms: ["train_size", "samples"]),
    .integer(
      "test_count", \.testCount, in: 1...10_000_000, "Digits drawn for testing.",
      synonyms: ["test_size"]),
    .choice(
      "normalize", \.normalize,
      "Scaling of the features; auto is unit for images and none for tables.",
      synonyms: ["normalization", "standardize", "standardise", "scale"]),
    .string(
      "target", \.target, "The column a csv job predicts: name or number from 1; null is the last.",
      synonyms: ["label", "target_column"]),
    .choice("task", \.task, "What a csv job predicts."),
    .choice("header", \.header, "Whether a csv file begins with column names."),
    .number(
      "test_fraction", \.testFraction, .openFraction,
      "Share of a csv file kept for testing when test_path is null.", synonyms: ["test_split"]),
    .string("test_path", \.testPath, "A second csv file, for testing."),
    .choice(
      "missing", \.missing, "What becomes of missing values in a csv file.",
      synonyms: ["missing_values", "fill"]),
    .choice(
      "categories", \.categories, "What becomes of texts among the features of a csv file.",
      synonyms: ["categorical", "encoding"]),
    .flag(
      "standardize_target", \.standardizeTarget,
      "Lets a regression predict (target - mean) / deviation; results are in the target's units.",
      synonyms: ["normalize_target", "standardise_target"]),
    .integer(
      "block_length", \.blockLength, in: 1...65_536,
      "Characters that a model of text sees at once.",
      synonyms: ["block_size", "context_length", "context", "sequence_length", "seq_len"]),
    .flag("shuffle", \.shuffle, "Visits the samples in a new order each epoch."),
  ]
}
