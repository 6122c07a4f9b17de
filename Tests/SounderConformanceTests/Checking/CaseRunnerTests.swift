import Foundation
import SounderArray
import SounderAutograd
import Testing

@testable import SounderConformance

@Suite("Running cases")
struct CaseRunnerTests {
  private static func failures(_ document: String, of name: String = "mul") throws -> [CheckKind:
    String]
  {
    let folder = try CaseFolder()
    try folder.write(name, document, ProductCase.arrays)
    let testCase = try #require(try folder.cases(of: name).first)
    #expect(testCase.kinds == CheckKind.comparisons)
    let runner = CaseRunner(name: name, testCase: testCase)
    return Dictionary(
      uniqueKeysWithValues: CheckKind.comparisons.compactMap { kind in
        runner.failure(kind).map { (kind, $0) }
      })
  }

  @Test("A case that agrees passes every check")
  func agreement() throws {
    #expect(try Self.failures(ProductCase.document()).isEmpty)
  }

  @Test("Each kind of difference is found on its own")
  func differences() throws {
    let rest = "got 1.0, expected 7.0 (2 of 2 elements differ)"
    #expect(
      try Self.failures(ProductCase.document(output: "x"))
        == [.values: "output 0 [0]: got 10.0, expected 2.0 (2 of 2 elements differ)"])
    #expect(
      try Self.failures(ProductCase.document(gradient: "one"))
        == [.gradients: "gradient 0 [0]: got 5.0, expected 1.0 (2 of 2 elements differ)"])
    #expect(
      try Self.failures(ProductCase.document(second: "sum"))
        == [.secondOrder: "second-order gradient 1 [0]: \(rest)"])
    #expect(
      try Self.failures(ProductCase.document(tangent: "one"))
        == [.forwardMode: "tangent of output 0 [0]: got 7.0, expected 1.0 (2 of 2 elements differ)"]
    )
  }

  @Test("An unknown operator and an unknown argument fail with that reason")
  func unknown() throws {
    let unknown = try Self.failures(ProductCase.document(op: "mull"), of: "mull")
    #expect(Set(unknown.keys) == Set(CheckKind.comparisons))
    #expect(unknown[.values]?.hasPrefix("unknown operator 'mull'") == true)
    let document = ProductCase.document(op: "add")
      .replacing("\"other\"", with: "\"another\"")
    let argument = try Self.failures(document, of: "add")
    #expect(argument[.values]?.contains("another") == true)
  }

  @Test("An absent gradient counts as zeros, either way")
  func absentGradients() throws {
    let zeros = NDArray([0, 0] as [Double])
    var testCase = ConformanceCase(
      id: "relu/0", arguments: [.tensor(StoredTensor(zeros, requiresGrad: true))], named: [],
      outputs: [StoredTensor(zeros)])
    testCase.cotangents = [0: StoredTensor(NDArray([1, 1] as [Double]))]
    testCase.gradients = [nil]
    #expect(CaseRunner(name: "relu", testCase: testCase).failure(.gradients) == nil)
    testCase.gradients = [StoredTensor(NDArray([1, 0] as [Double]))]
    #expect(CaseRunner(name: "relu", testCase: testCase).failure(.gradients) != nil)
  }
}

extension String {
  fileprivate func replacing(_ part: String, with other: String) -> String {
    components(separatedBy: part).joined(separator: other)
  }
}
