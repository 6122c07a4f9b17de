import Foundation
import Synchronization

/// Notes that somebody wants the program to stop, for the training loop to see after its step.
///
/// `SIGINT`, `SIGTERM` and `SIGUSR1` set a flag and nothing else, so a step is never cut in two. The
/// second `SIGINT` ends the program at once.
public enum StopSignal {
  private static let received = Atomic<Int32>(0)

  /// Begins to listen; calling it again does no harm.
  public static func install() {
    for signal in [SIGINT, SIGTERM, SIGUSR1] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { StopSignal.note($0) }
      // System calls go on after the handler: nobody else needs to know about signals.
      action.sa_flags = Int32(SA_RESTART)
      sigaction(signal, &action, nil)
    }
  }

  /// The signal that arrived, or 0; comparable between ranks so that all stop for the same reason.
  public static var pending: Int32 { received.load(ordering: .relaxed) }

  /// The exit code for a signal number as ``pending`` gives it.
  public static func exitCode(for signal: Int32) -> ExitCode {
    switch signal {
    case SIGINT: .interrupted
    case SIGTERM: .terminated
    case SIGUSR1: .preempted
    default: .success
    }
  }

  /// Runs inside the signal handler: atomics and `_exit` only.
  private static func note(_ signal: Int32) {
    let previous = received.exchange(signal, ordering: .relaxed)
    if signal == SIGINT, previous == SIGINT { _exit(ExitCode.interrupted.rawValue) }
  }
}
