import Foundation
import SounderArray
import SounderAutograd
import SounderTrain
import Testing

@testable import SounderConformance

/// A document that breaks a rule of the format.
struct BrokenDocument: CustomTestStringConvertible, Sendable {
  var json: String
  var says: String
  var testDescription: String { says }

  /// A document with one case whose parts are given.
  static func oneCase(
    args: String = "[]", outputs: String = "[]", rest: String = "", says: String
  ) -> BrokenDocument {
    BrokenDocument(
      json: """
        {"op":"mul","cases":[{"id":"mul/0","args":\(args),"kwargs":{},"outputs":\(outputs)\(rest)}]}
        """, says: says)
  }

  static let all = [
    BrokenDocument(json: #"{"op":"mul""#, says: "expected ',' or '}'"),
    BrokenDocument(json: "[]", says: "expected an object with 'op' and 'cases'"),
    BrokenDocument(json: #"{"op":"mul","cases":[{}]}"#, says: "case 0 has no 'id'"),
    BrokenDocument(
      json: #"{"op":"mul","cases":[{"id":"a"}]}"#, says: "case 'a': 'args' is not a list"),
    oneCase(args: #"[{"range":1}]"#, says: "none of the format's kinds: {'range': 1}"),
    oneCase(args: #"[{"float":"big"}]"#, says: "none of the format's kinds: {'float': \"big\"}"),
    oneCase(args: #"[{"slice":[1,2]}]"#, says: "none of the format's kinds"),
    oneCase(
      outputs: #"[{"tensor":"x","dtype":"float64"}]"#,
      says: "a tensor needs 'tensor', 'dtype' and 'shape'"),
    oneCase(
      outputs: #"[{"tensor":"x","dtype":"float8","shape":[2]}]"#,
      says: "'x' has the element type float8, which is not supported"),
    oneCase(
      outputs: #"[{"tensor":"absent","dtype":"float64","shape":[2]}]"#,
      says: "the tensor 'absent' is not in the safetensors file"),
    oneCase(
      outputs: #"[{"tensor":"x","dtype":"float64","shape":[3]}]"#,
      says: "'x' is float64[2] in the safetensors file, expected float64[3]"),
    oneCase(
      outputs: #"[{"tensor":"x","dtype":"complex128","shape":[2]}]"#, says: "expected float64[2, 2]"
    ),
    oneCase(
      outputs: #"[{"tensor":"x","dtype":"float64","shape":[1,1,1,1,1,1,1,1,2]}]"#,
      says: "'x' has 9 dimensions"),
    oneCase(outputs: #"[{"tensor":"x","dtype":"float64","shape":[-2]}]"#, says: "a bad shape"),
    oneCase(
      rest: #","cotangents":{},"grads":[null]"#,
      says: "1 gradients for 0 arguments that need one"),
    oneCase(
      rest: #","cotangents":{"3":null},"grads":[]"#,
      says: "'cotangents' has the member '3', expected an index below 0"),
    oneCase(
      rest: #","second":{"cotangents":{},"grads":[]}"#, says: "'second' without 'grads'"),
  ]
}

@Suite("Reading cases")
struct CaseReaderTests {
  @Test("Every kind of argument is read")
  func arguments() throws {
    let folder = try CaseFolder()
    let args = """
      [1, 2.0, true, "mean", null, [1, [2]], {"float":"-inf"}, {"complex":[1.5,-2]},
      {"dtype":"int64"}, {"dtype":"float8"}, {"slice":[0,null,-2]}, {"ellipsis":true}]
      """
    try folder.write(
      "mul", #"{"op":"mul","cases":[{"id":"a","args":\#(args),"kwargs":{},"outputs":[]}]}"#)
    let read = try #require(try folder.cases(of: "mul").first).arguments
    let expected: [StoredArgument] = [
      .value(1), .value(2.0), .value(true), .value("mean"), .value(nil),
      .list([.value(1), .list([.value(2)])]), .value(.scalar(.float(-.infinity))),
      .value(.scalar(.complex(1.5, -2))), .value(.dtype(.int64)),
      .unsupported("the element type float8 is not supported"),
      .value(.slice(start: 0, stop: nil, step: -2)), .value(.ellipsis),
    ]
    #expect(read.map { "\($0)" } == expected.map { "\($0)" })
  }

  @Test("Complex tensors are stored as pairs")
  func complex() throws {
    let folder = try CaseFolder()
    try folder.write(
      "mul",
      """
      {"op":"mul","cases":[{"id":"a","args":[],"kwargs":{},
      "outputs":[{"tensor":"z","dtype":"complex128","shape":[]}]}]}
      """, ["z": NDArray([1.5, -2] as [Double])])
    let output = try #require(try folder.cases(of: "mul").first?.outputs.first).array
    #expect(output.dtype == .complex128 && output.item() == .complex(1.5, -2))
  }

  @Test("A document that breaks the format is refused by name", arguments: BrokenDocument.all)
  func broken(document: BrokenDocument) throws {
    let folder = try CaseFolder()
    try folder.write("mul", document.json, ["x": NDArray([1, 2] as [Double])])
    let error = try #require(throws: DataError.self) { try folder.cases(of: "mul") }
    #expect(error.description.hasPrefix("\(folder.path)/mul.json: error: "))
    #expect(error.description.contains(document.says), "\(error)")
    #expect(error.exitCode == .dataError)
  }

  @Test("A truncated safetensors file is refused by name")
  func truncated() throws {
    let folder = try CaseFolder()
    try folder.write("mul", ProductCase.document(), ProductCase.arrays)
    let path = "\(folder.path)/mul.safetensors"
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    try bytes.dropLast(3).write(to: URL(fileURLWithPath: path))
    let error = try #require(throws: DataError.self) { try folder.cases(of: "mul") }
    #expect(error.path == path && error.exitCode == .dataError)
  }

  @Test("Absent folders and files have exit code 66, an empty folder 65")
  func missing() throws {
    let folder = try CaseFolder()
    #expect(throws: DataError.self) { try ConformanceFolder(path: folder.path) }
    try folder.write("mul", ProductCase.document(), ProductCase.arrays)
    try FileManager.default.removeItem(atPath: "\(folder.path)/mul.safetensors")
    let file = try #require(throws: DataError.self) { try folder.cases(of: "mul") }
    let absent = try #require(throws: DataError.self) {
      try ConformanceFolder(path: "\(folder.path)/absent")
    }
    #expect(file.exitCode == .inputMissing && absent.exitCode == .inputMissing)
  }

  @Test("The folder lists operators, not the notes of the program that wrote it")
  func listing() throws {
    let folder = try CaseFolder()
    for name in ["mul", "__getitem__", "_summary"] { try folder.write(name, "{}") }
    #expect(try ConformanceFolder(path: folder.path).operators == ["__getitem__", "mul"])
  }
}
