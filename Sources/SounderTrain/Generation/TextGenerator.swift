import Foundation
import SounderArray
import SounderAutograd
import SounderNN

/// Continues texts with the model of a run, one character at a time.
///
/// ```swift
/// let generator = try TextGenerator(RunDirectory(path: "runs/mine"))
/// try generator.generate("ROMEO:", length: 200) { print($0, terminator: "") }
/// ```
public struct TextGenerator {
  /// How the next character is chosen.
  public struct Options: Sendable {
    /// What scores are divided by: below 1 likely characters become likelier; 0 takes the likeliest.
    public var temperature = 1.0
    /// How many of the likeliest characters may be chosen; nil allows all.
    public var topK: Int?
    /// The seed of the choices.
    public var seed: UInt64 = 0

    /// The defaults.
    public init() {}
  }

  private let model: Module
  private let vocabulary: Vocabulary
  private let blockLength: Int
  /// Whether the model takes blocks shorter than the longest.
  private let takesShortBlocks: Bool

  /// Loads the model of a run; its data are not needed.
  ///
  /// - Throws: ``DataError`` for files that are missing or do not fit, or a model that is not one of
  ///   text; ``ConfigurationError``.
  public init(_ directory: RunDirectory) throws {
    let configuration = try ConfigurationReader.read(file: directory.configuration).configuration
    guard configuration.data.kind == .text else {
      throw DataError(
        path: directory.configuration,
        problem: "the run's data.kind is \(configuration.data.kind.rawValue), not text",
        advice: "only models of text can generate")
    }
    vocabulary = try Vocabulary(contentsOf: directory.vocabulary)
    blockLength = configuration.data.blockLength
    takesShortBlocks = configuration.model.kind == .gpt
    model = try configuration.makeModel(
      input: LayerShape([blockLength], vocabulary: vocabulary.count),
      output: [blockLength, vocabulary.count])
    let file = try Safetensors(contentsOf: directory.model)
    do throws(StateDictionaryError) { try model.load(file.arrays) } catch {
      throw DataError(
        path: directory.model, problem: error.description,
        advice: "do \(directory.configuration) and \(directory.vocabulary) belong to this model?")
    }
    model.eval()
  }

  /// Continues a prompt by `length` characters and hands each over as soon as it is chosen.
  ///
  /// - Throws: ``DataError`` for a prompt that is empty or has characters the model does not know.
  public func generate(
    _ prompt: String, length: Int, options: Options = Options(), _ write: (String) -> Void
  ) throws(DataError) {
    var tokens: [Int32] = []
    for (index, character) in prompt.unicodeScalars.enumerated() {
      guard let number = vocabulary.number(of: character) else {
        throw DataError(
          path: "--prompt", place: .line(1, column: index + 1),
          problem: "the character \(Vocabulary.shown(character)) is not in the model's vocabulary",
          advice: "the model knows the \(vocabulary.count) characters it was trained on")
      }
      tokens.append(number)
    }
    guard !tokens.isEmpty else {
      throw DataError(path: "--prompt", problem: "the prompt is empty; give at least a character")
    }
    var stream = RandomStream(seed: options.seed, stream: 0)
    for _ in 0..<length {
      let next = choose(scores(tokens.suffix(blockLength)), options, &stream)
      tokens.append(Int32(next))
      write(String(Character(vocabulary.characters[next])))
      // What the model cannot see any more need not be kept.
      if tokens.count > 4 * blockLength { tokens.removeFirst(tokens.count - blockLength) }
    }
  }

  /// The scores of every character to come after the given ones.
  private func scores(_ tokens: ArraySlice<Int32>) -> [Float] {
    var block = tokens.map(Int.init)
    let last = block.count - 1
    // Later positions do not act on earlier ones in a causal model, so any filling will do.
    if !takesShortBlocks { block += Array(repeating: 0, count: blockLength - block.count) }
    return noGrad {
      model(Tensor(block, shape: [1, block.count])).select(1, last).floats()
    }
  }

  private func choose(
    _ scores: [Float], _ options: Options, _ stream: inout RandomStream
  ) -> Int {
    let order = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
    guard options.temperature > 0 else { return order[0] }
    let candidates = order.prefix(options.topK ?? order.count)
    let highest = Double(scores[order[0]])
    let weights = candidates.map { exp((Double(scores[$0]) - highest) / options.temperature) }
    let draw = NDArray(uninitialized: [1], .float64)
    stream.uniform(draw)
    var rest = draw.item().doubleValue * weights.reduce(0, +)
    for (candidate, weight) in zip(candidates, weights) {
      rest -= weight
      if rest < 0 { return candidate }
    }
    return candidates.last ?? order[0]
  }
}
