import Foundation
import SounderArray
import SounderAutograd
import SounderComm
import SounderNN
import SounderTrace

/// How well a model does on a set of samples.
public struct Evaluation: Sendable, Equatable {
  /// The mean loss, over all characters for text.
  public let loss: Double
  /// The share of samples whose class is predicted; nil for regression and text.
  public let accuracy: Double?
  /// How far predicted values are off, in the units of the target; nil unless values are predicted.
  public let errors: Errors?
  /// Whether the samples are text.
  public let isText: Bool
  /// The number of samples.
  public let sampleCount: Int

  /// How far predicted values are off.
  public struct Errors: Sendable, Equatable {
    /// The root of the mean squared error.
    public let rootMeanSquare: Double
    /// The mean absolute error.
    public let meanAbsolute: Double
  }

  /// Judges a model; every rank takes a part of the samples and learns the whole result.
  ///
  /// - Throws: ``CommunicationError``.
  public static func run(
    _ model: Module, on dataset: Dataset, group: any ProcessGroup
  ) throws -> Evaluation {
    // A block of text counts as many predictions as it has characters.
    let batchSize = max(512 / dataset.targetsPerSample, 8)
    group.board.enter(.evaluation)
    let span = Trace.begin(.evaluate, "evaluate", dataset.count)
    defer { Trace.end(span) }
    model.eval()
    defer { model.train() }
    var sums = [0.0, 0.0, 0.0]
    let part = DistributedSampler.part(group.rank, of: group.size, in: dataset.count)
    noGrad {
      for start in stride(from: part.lowerBound, to: part.upperBound, by: batchSize) {
        let samples = Int32(start)..<Int32(min(start + batchSize, part.upperBound))
        let (features, targets) = dataset.gather(samples)
        let outputs = model(Tensor(features))
        sums[0] += dataset.loss(outputs, Tensor(targets), reduction: .sum).item()
        switch dataset.targetKind {
        case .classes: sums[1] += Double(correctCount(outputs.array, targets))
        case .values:
          let off = outputs.reshape([targets.count]) - Tensor(targets)
          sums[2] += off.abs().sum().item()
        case .tokens: break
        }
      }
    }
    try sums.withUnsafeMutableBytes { try group.allReduce($0, .float64, .sum) }
    let count = Double(max(dataset.count * dataset.targetsPerSample, 1))
    var (accuracy, errors): (Double?, Errors?) = (nil, nil)
    switch dataset.targetKind {
    case .classes: accuracy = sums[1] / count
    case .values:
      let unit = dataset.targetScaling.deviation
      errors = Errors(
        rootMeanSquare: (sums[0] / count).squareRoot() * unit,
        meanAbsolute: sums[2] / count * unit)
    case .tokens: break
    }
    return Evaluation(
      loss: sums[0] / count, accuracy: accuracy, errors: errors,
      isText: dataset.vocabulary != nil, sampleCount: dataset.count)
  }

  /// How many rows have their largest number in the column that the target names.
  private static func correctCount(_ outputs: NDArray, _ targets: NDArray) -> Int {
    let predicted = Kernels.argmax(outputs, 1, false).toArray(as: Int.self)
    return zip(predicted, targets.toArray(as: Int.self)).count { $0 == $1 }
  }

  /// The result as members of JSON output.
  public var json: JSONObject {
    var members: JSONObject = [
      "test_loss": .number(loss), "test_accuracy": accuracy.map(JSONValue.number) ?? .null,
      "test_samples": .integer(sampleCount),
    ]
    if isText {
      members["val_loss"] = .number(loss)
      members["val_perplexity"] = .number(exp(loss))
    }
    if let errors {
      members["test_rmse"] = .number(errors.rootMeanSquare)
      members["test_mae"] = .number(errors.meanAbsolute)
    }
    return members
  }
}

extension Evaluation: CustomStringConvertible {
  /// One line for people.
  public var description: String {
    if isText {
      return "val loss \(ProgressFormat.loss(loss)) on \(sampleCount) blocks of text"
    }
    let share = accuracy.map { ", accuracy \(ProgressFormat.percent($0))" } ?? ""
    let off = errors.map {
      ", RMSE \(ProgressFormat.measure($0.rootMeanSquare)), MAE \(ProgressFormat.measure($0.meanAbsolute))"
    }
    return "test loss \(ProgressFormat.loss(loss))\(share)\(off ?? "") on \(sampleCount) samples"
  }
}
