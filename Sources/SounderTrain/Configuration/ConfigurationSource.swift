import Foundation
import Yams

/// A line and a column of a text, both from 1; columns count Unicode scalars.
struct TextPosition {
  static let start = TextPosition(line: 1, column: 1)

  var line: Int
  var column: Int

  init(line: Int, column: Int) {
    self.line = max(line, 1)
    self.column = max(column, 1)
  }

  /// Where a node begins; the start of the text for nodes that were not parsed.
  init(_ mark: Mark?) { self.init(line: mark?.line ?? 1, column: mark?.column ?? 1) }
}

/// A text that holds configuration keys: the file, or one `--set` argument.
struct ConfigurationSource {
  /// Larger files are refused: a configuration is a few lines.
  static let maximumByteCount = 1 << 20

  /// How messages name the source.
  let name: String
  /// The whole text, as excerpts show it.
  let text: String
  /// The source's place among all sources.
  let order: Int
  /// Columns before the YAML text in an override (`optimizer.lr=`); nil for a file.
  let overridePrefix: Int?

  /// The place that a mark in the parsed YAML points to.
  func location(_ position: TextPosition) -> ConfigurationDiagnostic.Location {
    if let overridePrefix {
      return .init(
        source: name, line: nil, column: position.column + overridePrefix, excerpt: text,
        order: order)
    }
    return .init(
      source: name, line: position.line, column: position.column, excerpt: excerpt(position.line),
      order: order)
  }

  func error(
    _ position: TextPosition, _ message: String, suggestion: String? = nil
  ) -> ConfigurationDiagnostic {
    ConfigurationDiagnostic(location: location(position), message: message, suggestion: suggestion)
  }

  private func excerpt(_ line: Int) -> String {
    let lines = text.split(separator: "\n", maxSplits: line, omittingEmptySubsequences: false)
    guard lines.count >= line else { return "" }
    let printable = lines[line - 1].unicodeScalars.prefix(200).map {
      $0.properties.generalCategory == .control && $0 != "\t" ? "\u{FFFD}" : $0
    }
    return String(String.UnicodeScalarView(printable))
  }

  /// The text of a file.
  static func contents(ofFile path: String) throws(ConfigurationError) -> ConfigurationSource {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw .unreadable(path: path, reason: "no such file")
    }
    if isDirectory.boolValue { throw .unreadable(path: path, reason: "this is a directory") }
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw .unreadable(path: path, reason: "the file cannot be opened")
    }
    defer { try? handle.close() }
    let data: Data
    do { data = try handle.read(upToCount: maximumByteCount + 1) ?? Data() } catch {
      throw .unreadable(path: path, reason: "the file cannot be read")
    }
    func fail(_ message: String) -> ConfigurationError {
      .invalid([
        ConfigurationSource(name: path, text: "", order: 0, overridePrefix: nil)
          .error(.start, message)
      ])
    }
    if data.count > maximumByteCount { throw fail("the file is larger than 1 MiB") }
    guard let text = String(validating: data, as: UTF8.self), !data.contains(0) else {
      throw fail("the file is not UTF-8 text")
    }
    return ConfigurationSource(name: path, text: text, order: 0, overridePrefix: nil)
  }
}
