import CKernels
import Foundation

/// Ends a launcher that does not notice that its job has ended.
///
/// When a rank dies or aborts, Open MPI's launcher tells its daemons on all hosts to end the other ranks
/// and waits until they have done so. Over a link that is down it waits for ever, and so does the daemon
/// behind the link. The watch is a shell that outlives the rank, because it shares neither session nor
/// files with it (the launcher waits for everybody who holds a rank's output, and peers for everybody
/// who holds its sockets): it waits for the rank's end, leaves the launcher some seconds for an orderly
/// one, and then ends it by a signal. It goes as soon as the launcher has gone.
final class LauncherWatch: @unchecked Sendable {
  // @unchecked: constant.

  /// Seconds between the end of the rank and the signal, and between the signal and SIGKILL.
  static let grace = 5

  private static let launchers: Set<String> = [
    "mpirun", "mpiexec", "orterun", "orted", "prterun", "prted",
  ]
  // `read` succeeds for the line a rank writes that leaves in good order. The start time tells the
  // launcher from a process that got its number later.
  private static let script = """
    read -r line && exit
    alive() { [ "$(cut -d ' ' -f 22 "/proc/$1/stat" 2>/dev/null)" = "$2" ]; }
    for signal in TERM KILL; do
      polls=$(($3 * 2))
      while [ "$polls" -gt 0 ]; do
        alive "$1" "$2" || exit 0
        sleep 0.5
        polls=$((polls - 1))
      done
      alive "$1" "$2" && kill -s "$signal" "$1"
    done
    """

  private let end: FileHandle

  private init(end: FileHandle) { self.end = end }

  /// Watches the launcher's process on this host, or nothing if the rank was started otherwise.
  /// - Throws: ``CommunicationError`` if the shell cannot be started.
  static func start() throws -> LauncherWatch? {
    guard let launcher = ProcessEntry.ancestors.first(where: { launchers.contains($0.name) }) else {
      return nil
    }
    var input: Int32 = -1
    let arguments = [
      "/bin/sh", "-c", script, "launcher-watch", "\(launcher.number)", "\(launcher.start)",
      "\(grace)",
    ]
    var words: [UnsafePointer<CChar>?] = arguments.map { UnsafePointer(strdup($0)) } + [nil]
    defer { for word in words { free(UnsafeMutablePointer(mutating: word)) } }
    let code = ck_spawn_detached(&words, &input)
    guard code == 0 else { throw CommunicationError.system(code, call: "posix_spawn(/bin/sh)") }
    return LauncherWatch(end: FileHandle(fileDescriptor: input, closeOnDealloc: true))
  }

  /// Tells the watch that this rank leaves in good order.
  func dismiss() { try? end.write(contentsOf: Data("left\n".utf8)) }
}
