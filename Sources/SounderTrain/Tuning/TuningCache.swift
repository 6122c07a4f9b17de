import Foundation
import SounderArray
import SounderComm

/// What earlier jobs on a machine have measured, in the user's cache directory.
///
/// There is a file for each fingerprint: machine, program and how many ranks of a job it has. A file that is
/// damaged or of another fingerprint is as good as none, and is replaced after the next measurement.
struct TuningCache {
  /// What a lookup finds.
  enum Entry: Equatable {
    case none
    case found(SharedMemoryTuning)
    /// A file that cannot be used; why, for a note.
    case damaged(String)
  }

  /// What the sizes were measured for.
  let fingerprint: String
  /// The file; nil when the user has no cache directory.
  var path: String?

  /// The cache of this machine for a number of ranks.
  ///
  /// - Parameter environment: has `XDG_CACHE_HOME`, or else `HOME` with its `.cache`.
  init(
    localRanks: Int, kind: String,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    let processor = SystemFile.value("model name", in: "/proc/cpuinfo") ?? "unknown processor"
    let cores = ProcessInfo.processInfo.activeProcessorCount
    fingerprint =
      "\(Self.version), \(ProcessInfo.processInfo.hostName), \(processor), \(cores) cores, "
      + "\(localRanks) \(kind), program \(Digest.program)"
    var digest = Digest()
    digest.add(fingerprint)
    let directory =
      environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
      ?? environment["HOME"].flatMap { $0.hasPrefix("/") ? "\($0)/.cache" : nil }
    path = directory.map { "\($0)/sounder/tuning-\(digest).json" }
  }

  /// Changes whenever the measurement does.
  private static let version = "tuning 1"

  /// The sizes an earlier job has measured.
  func read() -> Entry {
    guard let path, let bytes = FileManager.default.contents(atPath: path) else { return .none }
    guard case .object(let object)? = try? JSONValue(parsing: bytes),
      object["fingerprint"] == .string(fingerprint),
      case .integer(let bucket)? = object["bucket_bytes"],
      case .integer(let crossover)? = object["crossover_bytes"],
      SharedMemoryTuning.bucketRange.contains(bucket),
      SharedMemoryTuning.crossoverRange.contains(crossover)
    else { return .damaged("\(path) is damaged; measuring again") }
    return .found(SharedMemoryTuning(bucketBytes: bucket, crossoverBytes: crossover))
  }

  /// Keeps sizes for later jobs; a cache that cannot be written is only slower.
  func write(_ tuning: SharedMemoryTuning) {
    guard let path else { return }
    let directory = (path as NSString).deletingLastPathComponent
    try? FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let document = JSONValue.object([
      "fingerprint": .string(fingerprint), "bucket_bytes": .integer(tuning.bucketBytes),
      "crossover_bytes": .integer(tuning.crossoverBytes),
    ])
    try? AtomicFile.write(document.pretty, to: path)
  }
}
