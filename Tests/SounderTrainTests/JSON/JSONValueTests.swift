import Testing

@testable import SounderTrain

@Suite("JSON")
struct JSONValueTests {
  @Test("Documents come back as they were written, pretty or compact")
  func roundTrip() throws {
    let value: JSONValue = [
      "a": [1, 2.5, -3, 1e300, "x\"\\\n\u{1}ü😀"], "b": [:], "c": [], "d": [[1], ["e": true]],
      "n": .null, "big": .integer(.max), "small": .number(1e-300),
    ]
    #expect(try JSONValue(parsing: Array(value.compact.utf8)) == value)
    #expect(try JSONValue(parsing: Array(value.pretty.utf8)) == value)
  }

  @Test("Escapes and numbers are read by the standard")
  func reading() throws {
    let text = #" {"k" : ["\u00fc\ud83d\ude00\/\t", -0, 1E2, 0.5e-1, 12345678901234567168]} "#
    let value = try JSONValue(parsing: Array(text.utf8))
    #expect(value["k"]?.array?[0] == "ü😀/\t")
    #expect(
      value["k"]?.array?.dropFirst().map(\.number) == [0, 100, 0.05, 12_345_678_901_234_567_168])
  }

  @Test(
    "Malformed documents are refused",
    arguments: [
      "", "{", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "01", "1.", ".5", "+1", "1e", "tru", "nul", "\"",
      "\"\\x\"", "\"\\ud800\"", "\"\n\"", "[1] 2", "{\"a\":1,\"a\":1}", "{1:2}", "1e999", "nan",
    ])
  func malformed(_ text: String) {
    #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text.utf8)) }
  }

  @Test("Depth is bounded")
  func depth() {
    let text = String(repeating: "[", count: 100_000)
    #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text.utf8)) }
  }
}
