import SounderComm
import SounderNN

/// Judges the model that an earlier run has left in its directory.
public struct EvaluationJob: Sendable {
  private let configuration: Configuration
  private let directory: RunDirectory

  /// A job for the configuration and the files of a run.
  public init(configuration: Configuration, directory: RunDirectory) {
    self.configuration = configuration
    self.directory = directory
  }

  /// Loads model and data, and computes loss and accuracy.
  ///
  /// - Throws: ``DataError`` when a file is missing, damaged, or does not fit the configuration.
  public func run() throws -> Evaluation {
    let file = try Safetensors(contentsOf: directory.model)
    let vocabulary =
      configuration.data.kind == .text
      ? try Vocabulary(contentsOf: directory.vocabulary) : nil
    let data = try DatasetSplits.load(configuration, vocabulary: vocabulary)
    let model = try configuration.makeModel(for: data.test)
    do throws(StateDictionaryError) { try model.load(file.arrays) } catch {
      throw DataError(
        path: directory.model, problem: error.description,
        advice: "does \(directory.configuration) belong to this model?")
    }
    return try Evaluation.run(model, on: data.test, group: SingleProcessGroup())
  }
}
