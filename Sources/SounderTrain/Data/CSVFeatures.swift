import SounderArray

/// How the columns of a table become features: numbers as they are, texts as one feature each.
struct CSVFeatures {
  private enum Column {
    /// A number, and what stands for a missing one.
    case number(fill: Double?)
    /// One feature for each text.
    case category([String: Int])

    var width: Int {
      switch self {
      case .number: 1
      case .category(let texts): texts.count
      }
    }
  }

  /// The columns in order, nil for the target.
  private let columns: [Column?]

  /// Decides by the training rows which columns hold numbers, and by all rows which texts there are.
  init(
    _ options: DataSection, _ train: [[CSVTable.Cell]], _ test: [[CSVTable.Cell]],
    _ table: CSVTable, _ testTable: CSVTable, target: Int
  ) throws(DataError) {
    var columns: [Column?] = []
    for index in train[0].indices {
      guard index != target else {
        columns.append(nil)
        continue
      }
      let isText = train.contains { !$0[index].isMissing && $0[index].number == nil }
      if isText, options.categories == .oneHot {
        let texts = Set((train + test).map { $0[index].text }.filter { !$0.isEmpty }).sorted()
        guard texts.count <= 1_000 else {
          throw table.error(
            train[0][index], "more than 1000 different texts in one column",
            advice: "remove the column")
        }
        columns.append(
          .category(Dictionary(uniqueKeysWithValues: texts.enumerated().map { ($1, $0) })))
        continue
      }
      let present = options.missing == .mean ? train.compactMap { $0[index].number } : []
      columns.append(
        .number(fill: present.isEmpty ? nil : present.reduce(0, +) / Double(present.count)))
    }
    self.columns = columns
  }

  /// The features of some rows, `[rows, features]`.
  func features(
    _ rows: [[CSVTable.Cell]], _ table: CSVTable
  ) throws(DataError) -> NDArray {
    let width = columns.reduce(0) { $0 + ($1?.width ?? 0) }
    let array = Kernels.zeros([rows.count, width], .float32)
    var output = array.pointer.assumingMemoryBound(to: Float.self)
    for row in rows {
      for case (let cell, let column?) in zip(row, columns) {
        switch column {
        case .number(let fill):
          if let fill, cell.isMissing {
            output.pointee = Float(fill)
          } else {
            output.pointee = Float(try table.number(cell))
          }
        case .category(let texts):
          if let index = texts[cell.text] { output[index] = 1 }
        }
        output += column.width
      }
    }
    return array
  }
}

extension CSVTable.Cell {
  /// Whether there is nothing in the cell.
  var isMissing: Bool { text.allSatisfy { $0 == " " || $0 == "\t" } }

  /// The cell as a number that a float32 can hold.
  var number: Double? {
    let first = text.firstIndex { $0 != " " && $0 != "\t" } ?? text.endIndex
    let last = text.lastIndex { $0 != " " && $0 != "\t" } ?? text.endIndex
    guard first < text.endIndex, let value = Double(text[first...last]), value.isFinite,
      abs(value) <= Double(Float.greatestFiniteMagnitude)
    else { return nil }
    return value
  }
}

extension CSVTable {
  /// The cell as a number.
  func number(_ cell: Cell) throws(DataError) -> Double {
    if let number = cell.number { return number }
    if cell.isMissing {
      throw error(
        cell, "a value is missing", advice: "fill it, remove the line, or set data.missing: mean")
    }
    throw error(
      cell, "'\(cell.text.prefix(40))' is not a number",
      advice: "encode texts as numbers first, or set data.categories: one_hot")
  }
}
