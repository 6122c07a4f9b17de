import SounderArray

/// A text as blocks of characters, of which a model predicts each from those before it.
///
/// The first nine tenths are for training, where a block begins at every character; the rest is for
/// testing, in blocks side by side. A sample's features are a block, its targets the block one
/// character further on.
public enum TextDataset {
  /// The share of the text, at its end, that is kept for testing.
  static let testShare = 0.1

  /// The splits of a text file.
  ///
  /// - Parameters:
  ///   - path: A UTF-8 file.
  ///   - length: The characters of a block.
  ///   - vocabulary: The characters a model knows; nil makes a vocabulary of the file.
  /// - Throws: ``DataError`` for a file that is missing, too short, no UTF-8, or has characters
  ///   outside the vocabulary.
  public static func load(
    path: String, length: Int, vocabulary given: Vocabulary? = nil
  ) throws(DataError) -> DatasetSplits {
    let bytes = try InputFile(path: path).bytes()
    guard !bytes.isEmpty else {
      throw DataError(
        path: path, problem: "the file is empty", advice: "it needs text to learn from")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw DataError(
        path: path, place: .byte(validPrefix(bytes)), problem: "the text is not UTF-8",
        advice: "convert it, for instance with iconv -t UTF-8")
    }
    let vocabulary = given ?? Vocabulary(text.unicodeScalars)
    let tokens = try encode(text, vocabulary, path)
    let held = Int(Double(tokens.count) * testShare)
    guard held > length else {
      let needed = Int((Double(length + 1) / testShare).rounded(.up))
      throw DataError(
        path: path,
        problem: "\(tokens.count) characters are too few for blocks of \(length)",
        advice: "give at least \(needed), or lower data.block_length")
    }
    let train = tokens.count - held
    return DatasetSplits(
      train: dataset("text training split", tokens, 0..<train, length, stride: 1, vocabulary),
      test: dataset(
        "text test split", tokens, train..<tokens.count, length, stride: length, vocabulary))
  }

  /// The numbers of a text's characters.
  static func encode(
    _ text: String, _ vocabulary: Vocabulary, _ path: String
  ) throws(DataError) -> NDArray {
    let scalars = text.unicodeScalars
    let tokens = NDArray(uninitialized: [scalars.count], .int32)
    let output = tokens.pointer.bindMemory(to: Int32.self, capacity: tokens.count)
    var (line, column) = (1, 1)
    for (index, character) in scalars.enumerated() {
      guard let number = vocabulary.number(of: character) else {
        throw DataError(
          path: path, place: .line(line, column: column),
          problem: "the character \(Vocabulary.shown(character)) is not in the model's vocabulary",
          advice: "the model knows the \(vocabulary.count) characters it was trained on")
      }
      output[index] = number
      (line, column) = character == "\n" ? (line + 1, 1) : (line, column + 1)
    }
    return tokens
  }

  /// Blocks that overlap in memory: rows of features and targets are views of the same tokens.
  private static func dataset(
    _ name: String, _ tokens: NDArray, _ range: Range<Int>, _ length: Int, stride: Int,
    _ vocabulary: Vocabulary
  ) -> Dataset {
    let count = (range.count - length - 1) / stride + 1
    func blocks(_ offset: Int) -> NDArray {
      NDArray(
        storage: tokens.storage, dtype: .int32, offset: range.lowerBound + offset,
        shape: [count, length], strides: [stride, 1])
    }
    return Dataset(
      name: name, features: blocks(0), targets: blocks(1), targetKind: .tokens(vocabulary))
  }

  /// How many bytes from the start are UTF-8.
  private static func validPrefix(_ bytes: [UInt8]) -> Int {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var offset = 0
    while case .scalarValue(let scalar) = decoder.decode(&iterator) {
      offset += UTF8.width(scalar)
    }
    return offset
  }
}
