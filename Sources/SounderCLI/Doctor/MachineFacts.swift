import Foundation
import Sounder

/// What the operating system says about the machine and this process's share of it.
struct MachineFacts {
  let systemName: String
  let kernel: String
  let processor: String
  /// Instruction sets of interest that the processor has.
  let instructionSets: [String]
  let onlineCores: Int
  let usableCores: Int
  /// Cores that the control group grants, or nil without a limit.
  let grantedCores: Double?
  let memoryBytes: Int
  let availableBytes: Int

  init() {
    systemName =
      SystemFile.value("PRETTY_NAME=", in: "/etc/os-release")?
      .trimmingCharacters(in: CharacterSet(charactersIn: "\"")) ?? "unknown"
    var names = utsname()
    uname(&names)
    kernel = withUnsafeBytes(of: names.release) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    processor = SystemFile.value("model name", in: "/proc/cpuinfo") ?? "unknown"
    let flags = Set((SystemFile.value("flags", in: "/proc/cpuinfo") ?? "").split(separator: " "))
    instructionSets = ["avx2", "fma", "avx512f", "avx512_bf16", "amx_tile"].filter {
      flags.contains(Substring($0))
    }
    onlineCores = ProcessInfo.processInfo.processorCount
    usableCores = ProcessInfo.processInfo.activeProcessorCount
    grantedCores = Self.controlGroupLimit
    memoryBytes = Self.kibibytes("MemTotal:") << 10
    availableBytes = Self.kibibytes("MemAvailable:") << 10
  }

  /// The variant of the kernels that this processor gets; they exist for three.
  var kernelVariant: String {
    if instructionSets.contains("avx512f") { return "avx512f" }
    return instructionSets.contains("avx2") ? "avx2" : "baseline"
  }

  /// The cores that work can really use at once.
  var effectiveCores: Int {
    min(usableCores, grantedCores.map { max(Int($0.rounded(.up)), 1) } ?? usableCores)
  }

  /// Bytes free in the file system of a directory; nil where there is none.
  static func freeBytes(_ path: String) -> Int? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    return Int(status.f_bavail) * Int(status.f_frsize)
  }

  /// What follows a name in the first line of a file that begins with it.
  private static func kibibytes(_ name: String) -> Int {
    let words = SystemFile.value(name, in: "/proc/meminfo")?.split(separator: " ") ?? []
    return words.first.flatMap { Int($0) } ?? 0
  }

  private static var controlGroupLimit: Double? {
    guard let text = try? String(contentsOfFile: "/sys/fs/cgroup/cpu.max", encoding: .utf8) else {
      return nil
    }
    let numbers = text.split(whereSeparator: \.isWhitespace).map { Double($0) }
    guard numbers.count == 2, let quota = numbers[0], let period = numbers[1] else { return nil }
    return quota / period
  }
}
