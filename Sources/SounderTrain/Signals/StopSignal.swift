import CKernels
import Foundation
import Synchronization

/// Notes that somebody wants the program to stop, for the training loop to see after its step.
///
/// `SIGINT`, `SIGTERM` and `SIGUSR1` set a flag and nothing else, so a step is never cut in two. The
/// second `SIGINT` ends the program at once.
public enum StopSignal {
  private static let received = Atomic<Int32>(0)
  /// The address of a word that keeps the time of the first signal; 0 for none.
  private static let witness = Atomic<UInt>(0)

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

  /// Lets the first signal leave its time in a word, as evidence that the process was still alive.
  static func setWitness(_ word: UnsafeMutablePointer<UInt64>) {
    witness.store(UInt(bitPattern: word), ordering: .releasing)
  }

  /// Forgets a word that is about to go, unless another has taken its place.
  static func clearWitness(_ word: UnsafeMutablePointer<UInt64>) {
    _ = witness.compareExchange(
      expected: UInt(bitPattern: word), desired: 0, ordering: .acquiringAndReleasing)
  }

  /// Runs inside the signal handler: atomics, the clock and `_exit` only.
  private static func note(_ signal: Int32) {
    let previous = received.exchange(signal, ordering: .relaxed)
    if let word = UnsafeMutablePointer<UInt64>(bitPattern: witness.load(ordering: .acquiring)),
      ck_word_load(word) == 0
    {
      ck_word_store(word, ck_monotonic_nanoseconds())
    }
    if signal == SIGINT, previous == SIGINT { _exit(ExitCode.interrupted.rawValue) }
  }
}
