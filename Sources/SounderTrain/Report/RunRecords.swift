import Foundation

/// What a run has left in its directory, as far as it got.
struct RunRecords {
  let directory: RunDirectory
  /// The lines of `metrics.jsonl`; one that was cut off by the end of the run is left out.
  let metrics: [JSONValue]
  /// The result; nil for a run that has not ended, or not in order.
  let summary: JSONValue?
  let trace: JSONValue?
  let configuration: String
  let command: String

  /// Reads a run's directory.
  /// - Throws: ``FileError`` if there is none, or it holds no run; ``DataError`` for damaged files.
  init(_ directory: RunDirectory) throws {
    self.directory = directory
    var status = stat()
    guard stat(directory.path, &status) == 0 else { throw FileError("read", directory.path) }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw FileError("read the run", directory.path, reason: "not a directory")
    }
    guard access(directory.configuration, R_OK) == 0 else {
      throw FileError(
        "read the run", directory.path,
        reason: "there is no config.yaml in it; name the directory of a run of sounder train")
    }
    configuration = try Self.text(directory.configuration) ?? ""
    command = (try Self.text(directory.command) ?? "").trimmingCharacters(in: .newlines)
    let lines = try Self.text(directory.metrics)?.split(separator: "\n") ?? []
    metrics = try lines.enumerated().compactMap { index, line in
      do { return try JSONValue(parsing: line.utf8) } catch {
        if index == lines.count - 1 { return nil }
        throw FileError(
          "read line \(index + 1)", directory.metrics, reason: "\(error)")
      }
    }
    summary = try Self.json(directory.summary)
    trace = try Self.json(directory.trace)
  }

  /// The logged steps.
  var steps: [JSONValue] { metrics.filter { $0["event"]?.string == "step" } }
  /// The evaluations.
  var evaluations: [JSONValue] { metrics.filter { $0["event"]?.string == "evaluation" } }

  /// A member of some lines over their steps.
  static func curve(_ lines: [JSONValue], _ member: String) -> [(step: Double, value: Double)] {
    lines.compactMap { line in
      guard let step = line["step"]?.number, let value = line[member]?.number else { return nil }
      return (step, value)
    }
  }

  /// The text of a file; nil if there is none.
  private static func text(_ path: String) throws(FileError) -> String? {
    guard let data = FileManager.default.contents(atPath: path) else {
      if access(path, F_OK) != 0 { return nil }
      throw FileError("read", path, reason: "permission denied, or not a file")
    }
    return String(decoding: data, as: UTF8.self)
  }

  private static func json(_ path: String) throws(FileError) -> JSONValue? {
    guard let text = try text(path) else { return nil }
    do throws(JSONError) { return try JSONValue(parsing: text.utf8) } catch {
      throw FileError("read", path, reason: "\(error)")
    }
  }
}
