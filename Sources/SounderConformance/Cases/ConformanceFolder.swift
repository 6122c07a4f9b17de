import Foundation
import SounderTrain

/// A folder of cases: two files for each operator, `NAME.json` and `NAME.safetensors`.
public struct ConformanceFolder: Sendable {
  /// The path.
  public let path: String
  /// The operators that have cases, sorted.
  public let operators: [String]

  /// Lists a folder.
  /// - Throws: ``DataError`` if it is missing or holds no cases.
  public init(path: String) throws(DataError) {
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: path) } catch {
      throw DataError(
        kind: .missing, path: path, problem: "the folder cannot be read",
        advice: "a folder of cases has files such as add.json and add.safetensors")
    }
    self.path = path
    // Names that begin with an underscore are notes of the program that wrote the folder.
    operators = names.filter { $0.hasSuffix(".json") && (!$0.hasPrefix("_") || $0.hasPrefix("__")) }
      .map { String($0.dropLast(5)) }.sorted()
    guard !operators.isEmpty else {
      throw DataError(
        path: path, problem: "the folder holds no cases",
        advice: "expected files such as add.json and add.safetensors")
    }
  }

  /// The cases of one operator, in the file's order.
  /// - Throws: ``DataError`` naming the file and what is wrong with it.
  public func cases(of name: String) throws(DataError) -> [ConformanceCase] {
    let file = "\(path)/\(name).json"
    let bytes: Data
    do { bytes = try Data(contentsOf: URL(fileURLWithPath: file)) } catch {
      throw DataError(kind: .missing, path: file, problem: "cannot be read")
    }
    let document: JSONValue
    do throws(JSONError) { document = try JSONValue(parsing: bytes) } catch {
      throw DataError(path: file, place: .byte(error.offset), problem: error.problem)
    }
    let tensors = try Safetensors(contentsOf: "\(path)/\(name).safetensors")
    return try CaseReader(path: file, arrays: tensors.arrays).cases(document)
  }
}
