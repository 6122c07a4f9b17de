import SounderArray
import SounderAutograd
import SounderComm
import SounderNN

/// How well a model does on a set of samples.
public struct Evaluation: Sendable, Equatable {
  /// The mean loss.
  public let loss: Double
  /// The share of samples whose class is predicted; nil for regression.
  public let accuracy: Double?
  /// The number of samples.
  public let sampleCount: Int

  /// Judges a model; every rank takes a part of the samples and learns the whole result.
  ///
  /// - Throws: ``CommunicationError``.
  public static func run(
    _ model: Module, on dataset: Dataset, group: any ProcessGroup, batchSize: Int = 512
  ) throws -> Evaluation {
    model.eval()
    defer { model.train() }
    var sums = [0.0, 0.0]
    let part = DistributedSampler.part(group.rank, of: group.size, in: dataset.count)
    noGrad {
      for start in stride(from: part.lowerBound, to: part.upperBound, by: batchSize) {
        let samples = Int32(start)..<Int32(min(start + batchSize, part.upperBound))
        let (features, targets) = dataset.gather(samples)
        let outputs = model(Tensor(features))
        sums[0] += dataset.loss(outputs, Tensor(targets), reduction: .sum).item()
        if case .classes = dataset.targetKind {
          sums[1] += Double(correctCount(outputs.array, targets))
        }
      }
    }
    try sums.withUnsafeMutableBytes { try group.allReduce($0, .float64, .sum) }
    let count = Double(max(dataset.count, 1))
    return Evaluation(
      loss: sums[0] / count, accuracy: dataset.targetKind == .values ? nil : sums[1] / count,
      sampleCount: dataset.count)
  }

  /// How many rows have their largest number in the column that the target names.
  private static func correctCount(_ outputs: NDArray, _ targets: NDArray) -> Int {
    let predicted = Kernels.argmax(outputs, 1, false).toArray(as: Int.self)
    return zip(predicted, targets.toArray(as: Int.self)).count { $0 == $1 }
  }

  /// The result as members of JSON output.
  public var json: JSONObject {
    [
      "test_loss": .number(loss), "test_accuracy": accuracy.map(JSONValue.number) ?? .null,
      "test_samples": .integer(sampleCount),
    ]
  }
}

extension Evaluation: CustomStringConvertible {
  /// One line for people.
  public var description: String {
    let share = accuracy.map { ", accuracy \(ProgressFormat.percent($0))" } ?? ""
    return "test loss \(ProgressFormat.loss(loss))\(share) on \(sampleCount) samples"
  }
}
