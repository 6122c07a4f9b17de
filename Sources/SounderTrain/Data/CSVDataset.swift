import Foundation
import SounderArray

/// A table with one sample a line, of which one column is predicted from the others.
///
/// Columns of numbers become one feature each; columns of texts one for each text, if wanted.
public struct CSVDataset {
  private let options: DataSection
  private let seed: Int

  /// The splits that the `data` section describes.
  ///
  /// Without a second table, `test_fraction` of the rows, chosen by the seed, is kept for testing.
  /// Statistics for standardising come from the training split only.
  public static func load(_ options: DataSection, seed: Int) throws(DataError)
    -> DatasetSplits
  {
    try CSVDataset(options: options, seed: seed).load()
  }

  private struct Columns {
    var names: [String]?
    var count: Int
    var target: Int
  }

  private func load() throws(DataError) -> DatasetSplits {
    let table = try CSVTable(contentsOf: options.path ?? "")
    let columns = try columns(table)
    let samples = Array(table.rows.dropFirst(columns.names == nil ? 0 : 1))
    guard !samples.isEmpty else {
      throw DataError(path: table.path, problem: "there is no sample after the header")
    }
    guard let testPath = options.testPath else {
      let (train, test) = try split(samples, table)
      return try splits(table, train, table, test, columns)
    }
    let testTable = try CSVTable(contentsOf: testPath)
    guard testTable.rows[0].count == columns.count else {
      throw DataError(
        path: testPath,
        problem: "\(testTable.rows[0].count) columns, \(table.path) has \(columns.count)")
    }
    let test = Array(testTable.rows.dropFirst(columns.names == nil ? 0 : 1))
    guard !test.isEmpty else {
      throw DataError(path: testPath, problem: "there is no sample after the header")
    }
    return try splits(table, samples, testTable, test, columns)
  }

  private func split(
    _ rows: [[CSVTable.Cell]], _ table: CSVTable
  ) throws(DataError) -> ([[CSVTable.Cell]], [[CSVTable.Cell]]) {
    guard rows.count >= 2 else {
      throw DataError(
        path: table.path, problem: "one sample cannot be split into training and test",
        advice: "give data.test_path")
    }
    let held = min(max(Int(Double(rows.count) * options.testFraction), 1), rows.count - 1)
    var random = CounterRandom(seed: seed, purpose: .tableSplit, index: 0)
    let order = random.permutation(rows.count).map(Int.init)
    // Rows keep the order of the file within each part.
    return (
      order[held...].sorted().map { rows[$0] }, order[..<held].sorted().map { rows[$0] }
    )
  }

  private func columns(_ table: CSVTable) throws(DataError) -> Columns {
    let first = table.rows[0]
    let hasHeader =
      switch options.header {
      case .present: true
      case .absent: false
      case .auto: first.allSatisfy { $0.number == nil && !$0.text.isEmpty }
      }
    guard first.count >= 2 else {
      throw table.error(first[0], "one column only", advice: "features and a target need two")
    }
    let names = hasHeader ? first.map { $0.text.trimmingCharacters(in: .whitespaces) } : nil
    guard let wanted = options.target else {
      return Columns(names: names, count: first.count, target: first.count - 1)
    }
    if let index = names?.firstIndex(of: wanted) {
      return Columns(names: names, count: first.count, target: index)
    }
    if let number = Int(wanted), (1...first.count).contains(number) {
      return Columns(names: names, count: first.count, target: number - 1)
    }
    let hint = names.flatMap { Spelling.nearest(to: wanted, among: $0) }
      .map { "did you mean '\($0)'?" }
    throw DataError(
      path: table.path, place: .line(first[0].line, column: 1),
      problem: "no column '\(wanted)' for data.target",
      advice: hint ?? names.map { "columns are \($0.joined(separator: ", "))" }
        ?? "give a number from 1 to \(first.count), or set data.header")
  }

  // MARK: - Arrays

  private func splits(
    _ table: CSVTable, _ trainRows: [[CSVTable.Cell]], _ testTable: CSVTable,
    _ testRows: [[CSVTable.Cell]], _ columns: Columns
  ) throws(DataError) -> DatasetSplits {
    let target = columns.target
    let inputs = try CSVFeatures(options, trainRows, testRows, table, testTable, target: target)
    let classes = options.task == .classification ? try classes(trainRows, table, target) : nil
    func dataset(
      _ rows: [[CSVTable.Cell]], _ table: CSVTable, _ name: String
    ) throws(DataError) -> Dataset {
      Dataset(
        name: name, features: try inputs.features(rows, table),
        targets: try targets(rows, table, target, classes),
        targetKind: classes.map { .classes($0.count) } ?? .values)
    }
    var train = try dataset(trainRows, table, "csv training split")
    var test = try dataset(testRows, testTable, "csv test split")
    switch options.normalize {
    case .auto, .none: break
    case .unit: train.scaling = .unit
    case .standard: train.scaling = .standardizingEach(train.features)
    }
    test.scaling = train.scaling
    if options.standardizeTarget, classes == nil {
      train.targetScaling = TargetScaling(standardizing: train.targets.toArray(as: Double.self))
      test.targetScaling = train.targetScaling
    }
    return DatasetSplits(train: train, test: test)
  }

  private func targets(
    _ rows: [[CSVTable.Cell]], _ table: CSVTable, _ target: Int, _ classes: [String: Int]?
  ) throws(DataError) -> NDArray {
    guard let classes else {
      let array = NDArray(uninitialized: [rows.count], .float32)
      let output = array.pointer.bindMemory(to: Float.self, capacity: rows.count)
      for (index, row) in rows.enumerated() { output[index] = Float(try table.number(row[target])) }
      return array
    }
    let array = NDArray(uninitialized: [rows.count], .int64)
    let output = array.pointer.bindMemory(to: Int64.self, capacity: rows.count)
    for (index, row) in rows.enumerated() {
      guard let number = classes[row[target].text] else {
        throw table.error(
          row[target], "class '\(row[target].text.prefix(40))' does not occur in the training split"
        )
      }
      output[index] = Int64(number)
    }
    return array
  }

  /// The class of each target text: in the order of their values if all are numbers, else sorted.
  private func classes(
    _ rows: [[CSVTable.Cell]], _ table: CSVTable, _ target: Int
  ) throws(DataError) -> [String: Int] {
    let limit = 1_000
    var texts: Set<String> = []
    for row in rows {
      guard !row[target].text.isEmpty else {
        throw table.error(row[target], "the target is missing")
      }
      texts.insert(row[target].text)
      if texts.count > limit {
        throw table.error(
          row[target], "more than \(limit) different classes in the target column",
          advice: "is this data.task: regression?")
      }
    }
    let values = texts.map {
      (text: $0, number: CSVTable.Cell(text: $0, line: 0, column: 0).number)
    }
    let areNumbers = values.allSatisfy { $0.number != nil }
    let sorted = values.sorted {
      areNumbers ? ($0.number ?? 0, $0.text) < ($1.number ?? 0, $1.text) : $0.text < $1.text
    }
    return Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1.text, $0) })
  }
}
