import Foundation

/// The memory of this process, as the system counts it (`/proc/self/status`), in bytes.
public struct ProcessMemory: Sendable, Hashable {
  /// The most that was resident at any time, of every kind.
  public let peak: Int
  /// Resident memory that belongs to this process alone.
  public let anonymous: Int
  /// Resident pages of programs, libraries and mapped files, which processes of a host have in common.
  public let file: Int
  /// Resident memory that processes of a host share.
  public let shared: Int

  /// The most memory of its own that the process had, taking the other kinds as they are now.
  public let privatePeak: Int

  /// The numbers of this moment; zeros where the system does not tell.
  public static var current: ProcessMemory {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    var fields: [Substring: Int] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
      guard words.count == 3, words[2] == "kB", let value = Int(words[1]) else { continue }
      fields[words[0].dropLast()] = value << 10
    }
    func value(_ name: Substring) -> Int { fields[name] ?? 0 }
    let (peak, anonymous) = (value("VmHWM"), value("RssAnon"))
    let (file, shared) = (value("RssFile"), value("RssShmem"))
    return ProcessMemory(
      peak: peak, anonymous: anonymous, file: file,
      // Pages of hugetlbfs belong to shared regions and are counted in none of the other fields.
      shared: shared + value("HugetlbPages"),
      privatePeak: max(peak - file - shared, anonymous))
  }

  /// The memory that programs may still take on this machine; nil where the system does not tell.
  static var availableOnMachine: Int? {
    let text = (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    let words = line?.split(separator: " ") ?? []
    return words.count == 3 ? Int(words[1]).map { $0 << 10 } : nil
  }
}
