import Foundation

/// Settings of Open MPI that links between hosts need, made where the user has made none.
///
/// Open MPI reads them from the environment when it starts; other libraries don't look.
enum OpenMPISettings {
  /// The memory of the system for what is under way on a connection.
  ///
  /// When both hosts send at once, acknowledgements queue behind the data of the other direction: at 1 Gbit/s
  /// and 5 ms the system's own choice fills up and the link lies idle for 7 ms of an exchange of 7 MB.
  /// Measured: 71.7 ms with it, 66.0 ms with 4 MiB, for 59.6 ms of bytes and 5 ms of delay.
  private static let sendBuffer = "OMPI_MCA_btl_tcp_sndbuf"
  private static let wantedBytes = 4 << 20

  /// Adds what is missing to the environment of this process, which must not have other threads yet that
  /// read it.
  static func complete() {
    guard
      let bytes = sendBufferBytes(
        limit: number("/proc/sys/net/core/wmem_max", field: 0),
        ownChoice: number("/proc/sys/net/ipv4/tcp_wmem", field: 2))
    else { return }
    // Leaves what the user has set, there or with 'mpirun --mca'.
    setenv(sendBuffer, "\(bytes)", 0)
  }

  /// The bytes to ask for; nil where the system gives as much by itself.
  ///
  /// - Parameters:
  ///   - limit: the most a process may ask for; the system takes twice that.
  ///   - ownChoice: the most the system takes by itself.
  static func sendBufferBytes(limit: Int?, ownChoice: Int?) -> Int? {
    guard let limit, let ownChoice else { return nil }
    let bytes = min(limit, wantedBytes)
    return 2 * bytes > ownChoice ? bytes : nil
  }

  private static func number(_ path: String, field: Int) -> Int? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    let fields = text.split(whereSeparator: \.isWhitespace)
    return field < fields.count ? Int(fields[field]) : nil
  }
}
