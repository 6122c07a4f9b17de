import Foundation

/// The cells of a comma-separated file (RFC 4180), with their positions for messages.
struct CSVTable {
  /// One cell.
  struct Cell {
    var text: String
    var line: Int
    var column: Int
  }

  /// The file's path.
  let path: String
  /// The rows, all as long as the first, without empty lines.
  let rows: [[Cell]]

  /// Reads a file.
  init(contentsOf path: String) throws(DataError) {
    let file = try InputFile(path: path)
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: file.byteCount, alignment: 16)
    defer { bytes.deallocate() }
    let count = try file.read(into: bytes)
    try self.init(path: path, bytes: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
  }

  /// Reads a text.
  init(path: String, bytes: UnsafeRawBufferPointer) throws(DataError) {
    self.path = path
    var parser = Parser(path: path, bytes: bytes)
    rows = try parser.rows()
    guard let first = rows.first else {
      throw DataError(
        path: path, problem: "the file is empty", advice: "it needs one sample a line")
    }
    for row in rows where row.count != first.count {
      throw DataError(
        path: path, place: .line(row[0].line, column: 1),
        problem: "\(row.count) columns, the first line has \(first.count)")
    }
  }

  /// A message about a cell.
  func error(_ cell: Cell, _ problem: String, advice: String = "") -> DataError {
    DataError(
      path: path, place: .line(cell.line, column: cell.column), problem: problem, advice: advice)
  }
}

/// A state machine over the bytes of a file.
private struct Parser {
  let path: String
  let bytes: UnsafeRawBufferPointer
  var position = 0
  var line = 1
  var lineStart = 0

  private static let quote = UInt8(ascii: "\"")
  private static let comma = UInt8(ascii: ",")
  private static let newline = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  init(path: String, bytes: UnsafeRawBufferPointer) {
    self.path = path
    self.bytes = bytes
    // Spreadsheets begin their files with a byte order mark.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    lineStart = position
  }

  private var column: Int { position - lineStart + 1 }

  private func error(_ problem: String) -> DataError {
    DataError(path: path, place: .line(line, column: column), problem: problem)
  }

  mutating func rows() throws(DataError) -> [[CSVTable.Cell]] {
    var rows: [[CSVTable.Cell]] = []
    while position < bytes.count {
      if takeLineEnd() { continue }
      var row = [try cell()]
      while position < bytes.count, bytes[position] == Self.comma {
        position += 1
        row.append(try cell())
      }
      if position < bytes.count, !takeLineEnd() {
        throw error("expected a comma or the end of the line after a quoted text")
      }
      rows.append(row)
    }
    return rows
  }

  private mutating func takeLineEnd() -> Bool {
    guard position < bytes.count else { return false }
    if bytes[position] == Self.carriageReturn, position + 1 < bytes.count,
      bytes[position + 1] == Self.newline
    {
      position += 1
    }
    guard bytes[position] == Self.newline else { return false }
    position += 1
    line += 1
    lineStart = position
    return true
  }

  private mutating func cell() throws(DataError) -> CSVTable.Cell {
    let (startLine, startColumn) = (line, column)
    var content: [UInt8] = []
    if position < bytes.count, bytes[position] == Self.quote {
      content = try quoted()
    } else {
      while position < bytes.count, bytes[position] != Self.comma, bytes[position] != Self.newline {
        if bytes[position] == 0 { throw error("a zero byte: this is not a text file") }
        content.append(bytes[position])
        position += 1
      }
      if content.last == Self.carriageReturn {
        content.removeLast()
        position -= 1
      }
    }
    guard let text = String(validating: content, as: UTF8.self) else {
      throw error("the text is not UTF-8")
    }
    return CSVTable.Cell(text: text, line: startLine, column: startColumn)
  }

  private mutating func quoted() throws(DataError) -> [UInt8] {
    let start = error("a quoted text without end")
    position += 1
    var content: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == Self.quote {
        guard position < bytes.count, bytes[position] == Self.quote else { return content }
        position += 1
      } else if byte == Self.newline {
        line += 1
        lineStart = position
      }
      content.append(byte)
    }
    throw start
  }
}
