import Foundation

/// The directory that holds everything a run leaves behind.
///
/// `config.yaml` the resolved configuration, `command.txt` the command, `metrics.jsonl` one object for
/// each logged step, `summary.json` the result, `model.safetensors` the parameters,
/// `vocabulary.json` the characters of a model of text, `trace.json` what every rank did, `flight/` what
/// every rank did last. Files of an earlier run in the same directory are replaced, each in one stroke.
public struct RunDirectory: Sendable {
  /// The directory's path.
  public let path: String

  /// An existing or future directory.
  public init(path: String) { self.path = path }

  /// The resolved configuration.
  public var configuration: String { "\(path)/config.yaml" }
  /// The command that started the run.
  public var command: String { "\(path)/command.txt" }
  /// One JSON object for each logged step.
  public var metrics: String { "\(path)/metrics.jsonl" }
  /// The result.
  public var summary: String { "\(path)/summary.json" }
  /// The characters that a model of text knows.
  public var vocabulary: String { "\(path)/vocabulary.json" }
  /// The parameters.
  public var model: String { "\(path)/model.safetensors" }

  /// What every rank did in some steps, if that was asked for.
  public var trace: String { "\(path)/trace.json" }

  /// The directory of the flight recorders' files, one of each rank.
  public var flight: String { "\(path)/flight" }

  /// The file of a rank in the directory of the flight recorders.
  static func flightFile(_ folder: String, rank: Int) -> String { "\(folder)/rank-\(rank).bin" }

  /// The rank whose flight recorder a file is by its name; nil for other files.
  static func rank(ofFlightFile name: String) -> Int? {
    guard name.hasPrefix("rank-"), name.hasSuffix(".bin") else { return nil }
    let digits = name.dropFirst(5).dropLast(4)
    guard let rank = Int(digits), "\(rank)" == digits, rank >= 0 else { return nil }
    return rank
  }

  /// Where a run goes: the option, else `run.dir`, else `runs/<configuration>-<time>`.
  public static func path(
    option: String?, configuration: ResolvedConfiguration, date: Date = Date()
  ) -> String {
    if let path = option ?? configuration.configuration.run.dir { return path }
    let file = configuration.path.split(separator: "/").last.map(String.init) ?? "run"
    let name = file.hasSuffix(".yaml") ? String(file.dropLast(5)) : file
    return "runs/\(name)-\(timestamp(date))"
  }

  /// Makes the directory and writes what is known before the first step.
  public static func create(
    _ path: String, configuration: ResolvedConfiguration, command: [String]
  ) throws(FileError) -> RunDirectory {
    let directory = RunDirectory(path: path)
    try makeDirectories(path)
    // A summary stands for a finished run: one of an earlier run must not outlive its model.
    for stale in [
      directory.summary, directory.metrics, directory.model, directory.vocabulary, directory.trace,
    ] {
      unlink(stale)
    }
    try AtomicFile.write(configuration.yaml(origins: true), to: directory.configuration)
    let line = command.map(shellQuote).joined(separator: " ")
    try AtomicFile.write(line + "\n", to: directory.command)
    return directory
  }

  /// Writes the result.
  public func writeSummary(_ summary: JSONValue) throws(FileError) {
    try AtomicFile.write(summary.pretty, to: self.summary)
  }

  /// Makes a directory and those above it that do not exist.
  static func makeDirectories(_ path: String) throws(FileError) {
    var partial = path.hasPrefix("/") ? "" : "."
    for component in path.split(separator: "/") {
      partial += "/\(component)"
      guard mkdir(partial, 0o755) != 0, errno != EEXIST else { continue }
      throw FileError("create the directory", path)
    }
    guard access(path, W_OK) == 0 else { throw FileError("write into the directory", path) }
  }

  private static func timestamp(_ date: Date) -> String {
    var seconds = time_t(date.timeIntervalSince1970)
    var parts = tm()
    localtime_r(&seconds, &parts)
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return "\(parts.tm_year + 1900)\(two(parts.tm_mon + 1))\(two(parts.tm_mday))"
      + "-\(two(parts.tm_hour))\(two(parts.tm_min))\(two(parts.tm_sec))"
  }

  /// A word of a command as a shell reads it back.
  static func shellQuote(_ word: String) -> String {
    let isPlain = word.unicodeScalars.allSatisfy {
      $0.isASCII
        && ($0.properties.isAlphabetic || ("0"..."9").contains($0)
          || "_-./=,:@%+".unicodeScalars.contains($0))
    }
    if isPlain, !word.isEmpty { return word }
    return "'" + word.replacingOccurrences(of: "'", with: #"'\''"#) + "'"
  }
}
