import Foundation

/// The flight recordings of a run: those that can be read, and what is wrong with the others.
struct FlightLog {
  let directory: RunDirectory
  /// How many ranks the job has.
  let ranks: Int
  /// By rank.
  let records: [FlightRecord]
  /// One line for each file that is missing or damaged.
  let problems: [String]

  /// Reads what is there.
  /// - Throws: ``FlightError`` if there is nothing to read.
  init(_ directory: RunDirectory) throws(FlightError) {
    self.directory = directory
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory.path) else {
      throw FlightError(
        path: directory.path, reason: "there is no such directory", isDamaged: false)
    }
    let files = names.contains("flight") ? Self.files(directory.flight) : []
    guard !files.isEmpty else {
      throw FlightError(
        path: directory.path,
        reason: "no flight recording in it (flight/rank-0.bin, …); "
          + "name the directory of a run of sounder train", isDamaged: false)
    }
    var problems: [String] = []
    var records: [FlightRecord] = []
    for rank in files {
      let path = RunDirectory.flightFile(directory.flight, rank: rank)
      do throws(FlightRecord.Unreadable) {
        let record = try FlightRecord(try Self.bytes(path))
        guard record.rank == rank else {
          throw FlightRecord.Unreadable(reason: "holds the events of rank \(record.rank)")
        }
        records.append(record)
        if !record.damage.isEmpty {
          problems.append("\(path): \(record.damage.joined(separator: "; "))")
        }
      } catch { problems.append("\(path): \(error.reason)") }
    }
    guard !records.isEmpty else {
      throw FlightError(
        path: directory.flight, reason: problems.joined(separator: "\n"), isDamaged: true)
    }
    let ranks = Self.mostCommon(records.map(\.ranks))
    let present = Set(files)
    let missing = (0..<ranks).filter { !present.contains($0) }
    if !missing.isEmpty {
      problems.append(
        "\(directory.flight): no recording of \(RankList(missing)); "
          + "\(missing.count == 1 ? "it" : "they") may be on another host's disk")
    }
    for record in records where record.ranks != ranks {
      problems.append(
        "\(RunDirectory.flightFile(directory.flight, rank: record.rank)): of a job of "
          + "\(record.ranks) ranks, the others of one of \(ranks); left out")
    }
    self.ranks = ranks
    self.records = records.filter { $0.ranks == ranks }
    self.problems = problems
  }

  private static func files(_ folder: String) -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap(RunDirectory.rank(ofFlightFile:)).sorted()
  }

  /// The bytes of a regular file, as many as a recording can have.
  private static func bytes(_ path: String) throws(FlightRecord.Unreadable) -> [UInt8] {
    // A pipe must not be waited for.
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else {
      throw FlightRecord.Unreadable(reason: "cannot open: \(String(cString: strerror(errno)))")
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw FlightRecord.Unreadable(reason: "not a file")
    }
    var bytes = [UInt8](repeating: 0, count: FlightLayout.byteCount)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeMutableBytes {
        read(file, $0.baseAddress.map { $0 + done }, $0.count - done)
      }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else {
        throw FlightRecord.Unreadable(reason: "cannot read: \(String(cString: strerror(errno)))")
      }
      if count == 0 { break }
      done += count
    }
    return Array(bytes.prefix(done))
  }

  private static func mostCommon(_ values: [Int]) -> Int {
    let counts = Dictionary(values.map { ($0, 1) }, uniquingKeysWith: +)
    // The smaller one of equals, so that the answer does not depend on the order.
    return counts.max { ($0.value, -$0.key) < ($1.value, -$1.key) }?.key ?? 0
  }
}

/// There are no flight recordings to tell from.
public struct FlightError: ReportedError, Equatable {
  /// The directory that was searched.
  public let path: String
  /// What is wrong with it.
  public let reason: String
  /// Whether there are recordings, none of which can be used.
  public let isDamaged: Bool

  /// 66 if there is nothing, 65 if nothing can be used.
  public var exitCode: ExitCode { isDamaged ? .dataError : .inputMissing }

  /// The directory and the reason.
  public var description: String { "\(path): error: cannot diagnose: \(reason)" }
}

/// Ranks as a text: `rank 3`, `ranks 0, 4–7`.
struct RankList: CustomStringConvertible {
  private let ranks: [Int]

  init(_ ranks: [Int]) { self.ranks = ranks.sorted() }

  var description: String {
    var runs: [ClosedRange<Int>] = []
    for rank in ranks {
      if let last = runs.last, last.upperBound == rank - 1 {
        runs[runs.count - 1] = last.lowerBound...rank
      } else {
        runs.append(rank...rank)
      }
    }
    let parts = runs.map { run in
      switch run.count {
      case 1: "\(run.lowerBound)"
      case 2: "\(run.lowerBound), \(run.upperBound)"
      default: "\(run.lowerBound)–\(run.upperBound)"
      }
    }
    return (ranks.count == 1 ? "rank " : "ranks ") + parts.joined(separator: ", ")
  }
}
