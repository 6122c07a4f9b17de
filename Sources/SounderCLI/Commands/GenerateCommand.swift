import ArgumentParser
import Foundation
import Sounder

/// `sounder generate`: continues a text with the model of an earlier run.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Continues a text with the model of a run.",
    discussion: """
      Writes the prompt and what the model makes of it to standard output. Needs the run's config.yaml, \
      vocabulary.json and model.safetensors, but not its data.
      """)

  @Argument(help: "The directory of the run.", completion: .directory)
  var runDir: String

  @Option(help: "The text to continue.")
  var prompt = "\n"

  @Option(help: "Characters to write after the prompt.")
  var length = 500

  @Option(help: "What scores are divided by; 0 always takes the likeliest character.")
  var temperature = 0.8

  @Option(help: "How many of the likeliest characters may be chosen; all by default.")
  var topK: Int?

  @Option(help: "The seed of the choices.")
  var seed: UInt64 = 1

  func validate() throws {
    guard (0...10_000_000).contains(length) else {
      throw ValidationError("--length must be from 0 to 10000000, not \(length).")
    }
    guard temperature >= 0, temperature.isFinite else {
      throw ValidationError("--temperature must be 0 or more, not \(temperature).")
    }
    if let topK, topK < 1 { throw ValidationError("--top-k must be at least 1, not \(topK).") }
  }

  mutating func run() throws {
    let directory = RunDirectory(path: runDir)
    guard FileManager.default.fileExists(atPath: directory.configuration) else {
      throw DataError(
        kind: .missing, path: directory.configuration, problem: "no such file",
        advice: "give the directory of a run, as train has printed it")
    }
    let generator = try TextGenerator(directory)
    var options = TextGenerator.Options()
    options.temperature = temperature
    options.topK = topK
    options.seed = seed
    let output = Terminal(descriptor: STDOUT_FILENO)
    var isFirst = true
    // The prompt is written once it is known to be good.
    func write(_ text: String) {
      if isFirst { output.write(prompt) }
      isFirst = false
      output.write(text)
    }
    try generator.generate(prompt, length: length, options: options, write)
    if isFirst { output.write(prompt) }
    output.write("\n")
  }
}
