import SounderArray
import Testing

@testable import SounderTrain

/// A table, how to read it, and the complaint it deserves.
struct DamagedTable: CustomTestStringConvertible, Sendable {
  var text: String
  var says: String
  var target: String?
  var task = PredictionTask.classification
  var testDescription: String { "\(says) \(text.prefix(20))" }
}

@Suite("CSV tables")
struct CSVDatasetTests {
  static let damaged: [DamagedTable] = [
    .init(text: "", says: "error: the file is empty"),
    .init(text: "a,b\n", says: "error: there is no sample after the header"),
    .init(text: "1,2,0\n3,4\n", says: ":2:1: error: 2 columns, the first line has 3"),
    .init(text: "x,y,c\n1,2,0\n3,oops,1\n", says: ":3:3: error: 'oops' is not a number"),
    .init(text: "x,c\n1,0\n,1\n", says: ":3:1: error: a value is missing"),
    .init(text: "x,c\n1,0\nnan,1\n", says: ":3:1: error: 'nan' is not a number"),
    .init(text: "x,c\n1,0\n1e99,1\n", says: ":3:1: error: '1e99' is not a number"),
    .init(text: "x,c\n1,0\n2,\n", says: ":3:3: error: the target is missing"),
    .init(text: "x,c\n\"1,0\n2,1\n", says: ":2:1: error: a quoted text without end"),
    .init(text: "x,c\n\"1\"2,0\n", says: ":2:4: error: expected a comma or the end of the line"),
    .init(text: "1\n2\n", says: ":1:1: error: one column only"),
    .init(text: "x,c\n1,0\n", says: "error: one sample cannot be split"),
    .init(text: "x,c\n1,\0\n", says: ":2:3: error: a zero byte"),
    .init(
      text: "x,label\n1,0\n2,1\n", says: "no column 'labl' for data.target; did you mean 'label'?",
      target: "labl"),
    .init(
      text: "x,v\n1,2\n2,big\n3,4", says: ":3:3: error: 'big' is not a number", task: .regression),
  ]

  @Test("A damaged table is named with line and column", arguments: damaged)
  func damage(_ table: DamagedTable) throws {
    let directory = try TemporaryDirectory()
    var options = DataSection()
    options.kind = .csv
    options.path = try directory.write("t.csv", table.text)
    options.target = table.target
    options.task = table.task
    let error = #expect(throws: DataError.self) { try CSVDataset.load(options, seed: 0) }
    let found = try #require(error).description
    #expect(found.hasPrefix(directory.path) && found.contains(table.says), "\(found)")
  }

  @Test("Headers, quotes, byte order marks, CRLF and text classes are understood")
  func formats() throws {
    let directory = try TemporaryDirectory()
    var options = DataSection()
    options.path = try directory.write(
      "t.csv", "\u{FEFF}kind,\"size, cm\",age\r\n\"a \"\"b\"\"\",1,2\r\n\r\nc,3,4\r\nc,5,6")
    options.testPath = options.path
    options.target = "kind"
    let splits = try CSVDataset.load(options, seed: 0)
    #expect(splits.train.targetKind == .classes(2))
    let (features, targets) = splits.train.gather([0, 1, 2])
    let values = features.pointer.assumingMemoryBound(to: Float.self)
    #expect((0..<6).map { values[$0] } == [1, 2, 3, 4, 5, 6])
    let classes = targets.pointer.assumingMemoryBound(to: Int64.self)
    #expect((0..<3).map { classes[$0] } == [0, 1, 1])
  }

  @Test("Standardising uses the statistics of the training split")
  func standard() throws {
    let directory = try TemporaryDirectory()
    var options = DataSection()
    options.path = try directory.write("a.csv", "1,5,0\n3,5,1\n")
    options.testPath = try directory.write("b.csv", "5,6,1\n")
    options.normalize = .standard
    options.task = .regression
    let splits = try CSVDataset.load(options, seed: 0)
    #expect(splits.test.scaling == .perFeature(scale: [1, 1], shift: [-2, -5]))
    let (features, targets) = splits.test.gather([0])
    #expect(features.pointer.assumingMemoryBound(to: Float.self)[0] == 3)
    #expect(targets.dtype == .float32)
  }

  @Test("The split keeps every row exactly once")
  func split() throws {
    let directory = try TemporaryDirectory()
    var options = DataSection()
    options.path = try directory.write(
      "t.csv", (0..<50).map { "\($0),\($0 % 2)" }.joined(separator: "\n"))
    let splits = try CSVDataset.load(options, seed: 3)
    #expect(splits.train.count == 40 && splits.test.count == 10)
    let rows = [splits.train, splits.test].flatMap { set in
      let values = set.features.pointer.assumingMemoryBound(to: Float.self)
      return (0..<set.count).map { Int(values[$0]) }
    }
    #expect(rows.sorted() == Array(0..<50))
  }
}
