import Foundation
import Testing

@testable import SounderTrain

@Suite("Text data")
struct TextDatasetTests {
  private static func file(_ scratch: TemporaryDirectory, _ bytes: [UInt8]) throws -> String {
    let path = "\(scratch.path)/text"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test("A sample is a block, its targets the block one character on")
  func blocks() throws {
    let scratch = try TemporaryDirectory()
    let text = String(repeating: "héllo wörld\n", count: 20)
    let path = try Self.file(scratch, Array(text.utf8))
    let splits = try TextDataset.load(path: path, length: 5)
    let vocabulary = try #require(splits.train.vocabulary)
    #expect(vocabulary.characters == Set(text.unicodeScalars).sorted())
    #expect(splits.train.count == 240 - 24 - 5)
    #expect(splits.test.count == (24 - 1) / 5)
    #expect(splits.train.outputShape == [5, vocabulary.count])
    let (features, targets) = splits.train.gather([0, 7] as [Int32])
    func decoded(_ row: Int, _ array: [Int]) -> String {
      String(
        String.UnicodeScalarView(array[row * 5..<row * 5 + 5].map { vocabulary.characters[$0] }))
    }
    #expect(decoded(0, features.toArray(as: Int.self)) == "héllo")
    #expect(decoded(0, targets.toArray(as: Int.self)) == "éllo ")
    #expect(decoded(1, features.toArray(as: Int.self)) == "örld\n")
  }

  @Test(
    "Bad texts are one error each",
    arguments: [
      ([], "empty"), (Array("short".utf8), "too few"),
      (Array(repeating: 97, count: 300) + [0xFF, 97], "not UTF-8 (at byte 300)"),
    ] as [([UInt8], String)])
  func bad(_ bytes: [UInt8], _ problem: String) throws {
    let scratch = try TemporaryDirectory()
    let path = try Self.file(scratch, bytes)
    let error = #expect(throws: DataError.self) { try TextDataset.load(path: path, length: 8) }
    let found = try #require(error)
    #expect(found.description.contains(problem))
    #expect(found.exitCode == .dataError)
  }

  @Test("A character that a saved vocabulary does not have is an error with its place")
  func unseen() throws {
    let scratch = try TemporaryDirectory()
    let path = try Self.file(scratch, Array(("aaaa\naX" + String(repeating: "a", count: 200)).utf8))
    let error = #expect(throws: DataError.self) {
      try TextDataset.load(path: path, length: 4, vocabulary: Vocabulary("a\n".unicodeScalars))
    }
    #expect(try #require(error).description.contains(":2:2: error: the character 'X' (U+0058)"))
  }

  @Test("A vocabulary survives its file")
  func vocabularyFile() throws {
    let scratch = try TemporaryDirectory()
    let vocabulary = Vocabulary("zebra \"\\\n\t\u{1F600}ü".unicodeScalars)
    try vocabulary.write(to: "\(scratch.path)/v.json")
    #expect(try Vocabulary(contentsOf: "\(scratch.path)/v.json") == vocabulary)
  }
}
