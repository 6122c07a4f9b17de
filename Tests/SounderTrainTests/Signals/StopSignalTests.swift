import Foundation
import Testing

@testable import SounderTrain

@Suite("Stop signals", .serialized)
struct StopSignalTests {
  @Test("The first interrupt is noted, the second ends the program at once")
  func noted() async {
    await #expect(processExitsWith: .exitCode(ExitCode.interrupted.rawValue)) {
      StopSignal.install()
      // Test threads block signals: they go to the process, and arrive on another thread.
      kill(getpid(), SIGINT)
      while StopSignal.pending != SIGINT { sched_yield() }
      // The second interrupt does not wait for the loop.
      kill(getpid(), SIGINT)
      while true { sched_yield() }
    }
  }

  @Test(
    "Each signal has its exit code",
    arguments: [(SIGINT, ExitCode.interrupted), (SIGTERM, .terminated), (SIGUSR1, .preempted)])
  func exitCode(_ signal: Int32, _ code: ExitCode) {
    #expect(StopSignal.exitCode(for: signal) == code)
  }

  @Test("Exit codes are those scripts rely on")
  func codes() {
    #expect(ExitCode.allCases.map(\.rawValue) == [0, 1, 64, 65, 66, 70, 74, 75, 78, 130, 143])
  }
}
