import Foundation
import SounderArray
import SounderConformance
import SounderTrain

/// A folder of cases that vanishes with the value that made it.
final class CaseFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "sounder-cases-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes the cases of one operator.
  func write(_ name: String, _ json: String, _ arrays: [String: NDArray] = [:]) throws {
    try Data(json.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name).json"))
    try Safetensors(arrays: arrays).write(to: "\(path)/\(name).safetensors")
  }

  /// Reads the cases of one operator.
  func cases(of name: String) throws -> [ConformanceCase] {
    try ConformanceFolder(path: path).cases(of: name)
  }
}

/// A case of `mul` with everything a case can have, whose `x` is [2, 3] and whose `y` is [5, 7].
enum ProductCase {
  static let arrays: [String: NDArray] = [
    "x": NDArray([2, 3] as [Double]), "y": NDArray([5, 7] as [Double]),
    "xy": NDArray([10, 21] as [Double]), "one": NDArray([1, 1] as [Double]),
    "sum": NDArray([7, 10] as [Double]),
  ]

  static func tensor(_ key: String, leaf: Bool = false) -> String {
    let mark = leaf ? #","requires_grad":true"# : ""
    return #"{"tensor":"\#(key)","dtype":"float64","shape":[2]\#(mark)}"#
  }

  /// The document of one operator with one case.
  static func document(
    op: String = "mul", output: String = "xy", gradient: String = "y", second: String = "one",
    tangent: String = "sum"
  ) -> String {
    let (x, y, one) = (tensor("x", leaf: true), tensor("y", leaf: true), tensor("one"))
    return """
      {"op":"\(op)","cases":[{"id":"\(op)/0","dtype":"float64","args":[\(x)],"kwargs":{"other":\(y)},
      "outputs":[\(tensor(output))],"cotangents":{"0":\(one)},
      "grads":[\(tensor(gradient)),\(tensor("x"))],
      "second":{"cotangents":{"0":\(one)},"grads":[null,\(tensor(second))]},
      "tangents":[\(one),\(one)],"jvp":{"0":\(tensor(tangent))}}]}
      """
  }
}
