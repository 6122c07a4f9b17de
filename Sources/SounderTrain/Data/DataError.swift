/// Data that cannot be used: which file, where in it, why, and what to do.
public struct DataError: ReportedError, Equatable {
  /// What kind of trouble it is, which decides the exit code.
  public enum Kind: Sendable {
    /// The file is absent or cannot be opened.
    case missing
    /// The contents are damaged or do not fit.
    case damaged
    /// Reading failed half-way.
    case inputOutput
  }

  /// A position within a file.
  public enum Place: Sendable, Equatable {
    /// The whole file.
    case file
    /// Bytes from the start, after decompression.
    case byte(Int)
    /// A line and a column of a text, from 1.
    case line(Int, column: Int)
  }

  /// The kind of trouble.
  public var kind: Kind
  /// The file.
  public var path: String
  /// Where in the file.
  public var place: Place
  /// What is wrong.
  public var problem: String
  /// What the reader of the message can do; empty when there is nothing to add.
  public var advice: String

  /// An error with its parts.
  public init(
    kind: Kind = .damaged, path: String, place: Place = .file, problem: String, advice: String = ""
  ) {
    self.kind = kind
    self.path = path
    self.place = place
    self.problem = problem
    self.advice = advice
  }

  /// 66 for missing files, 65 for damaged ones, 74 for failed reads.
  public var exitCode: ExitCode {
    switch kind {
    case .missing: .inputMissing
    case .damaged: .dataError
    case .inputOutput: .inputOutput
    }
  }

  /// One line that names the file, the place, the problem and the remedy.
  public var description: String {
    let hint = advice.isEmpty ? "" : "; \(advice)"
    return switch place {
    case .file: "\(path): error: \(problem)\(hint)"
    case .byte(let offset): "\(path): error: \(problem) (at byte \(offset))\(hint)"
    case .line(let line, let column): "\(path):\(line):\(column): error: \(problem)\(hint)"
    }
  }
}
