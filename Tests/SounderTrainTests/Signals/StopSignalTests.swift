import Foundation
import Testing

@testable import SounderTrain

@Suite("Stop signals", .serialized)
struct StopSignalTests {
  @Test(
    "A signal is noted and decides the exit code",
    arguments: [(SIGINT, ExitCode.interrupted), (SIGTERM, .terminated), (SIGUSR1, .preempted)])
  func noted(_ signal: Int32, _ code: ExitCode) async {
    await #expect(processExitsWith: .exitCode(ExitCode.interrupted.rawValue)) {
      StopSignal.install()
      raise(SIGINT)
      guard StopSignal.pending == SIGINT else { exit(1) }
      // The second interrupt does not wait for the loop.
      raise(SIGINT)
      exit(2)
    }
    #expect(StopSignal.exitCode(for: signal) == code)
  }

  @Test("Exit codes are those scripts rely on")
  func codes() {
    #expect(ExitCode.allCases.map(\.rawValue) == [0, 1, 64, 65, 66, 70, 74, 75, 78, 130, 143])
  }
}
