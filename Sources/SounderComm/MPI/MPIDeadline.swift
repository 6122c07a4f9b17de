#if MPI
  import CMPI
  import Foundation

  /// Ends the job when a part of it that MPI does not let be interrupted takes too long: a rank that is
  /// stopped or ends while MPI starts or the group is made, or does not come to its end.
  struct MPIDeadline {
    private let isOver = DispatchSemaphore(value: 0)
    private let thread: RankThread

    /// - Parameter operation: what must end in time, for the messages.
    init(_ operation: String, name: String, timeout: Duration, stallWarning: Duration?) {
      let limit = Double(max(timeout.wholeNanoseconds, 0)) * 1e-9
      let warning = stallWarning.map { Double($0.wholeNanoseconds) * 1e-9 } ?? limit
      thread = RankThread { [isOver] in
        func ends(within seconds: Double) -> Bool {
          isOver.wait(timeout: .now() + max(seconds, 0)) == .success
        }
        if ends(within: min(warning, limit)) { return }
        if warning > 0, warning < limit {
          RankBoard.writeToStandardError(
            "warning: \(name) has waited \(warning) s in \(operation) for ranks that have not come to it"
          )
          if ends(within: limit - warning) {
            return RankBoard.writeToStandardError("note: \(name) goes on after \(operation)")
          }
        } else if ends(within: limit - warning) {
          return
        }
        RankBoard.writeToStandardError(
          "error: \(name): \(operation) waited \(limit) s for ranks that have not come to it; see "
            + "which of them is stopped or stuck, or allow a longer parallel.timeout")
        // Before MPI has started it ends no job; the launcher does so when this process is gone.
        var initialized: Int32 = 0
        if MPI_Initialized(&initialized) != MPI_SUCCESS || initialized == 0 {
          _exit(MPIDeadline.exitCode)
        }
        // If MPI is no longer able to end the job, the launcher does so when this process is gone.
        signal(SIGALRM) { _ in _exit(MPIDeadline.exitCode) }
        alarm(2)
        MPI_Abort(cmpi_comm_world(), MPIDeadline.exitCode)
        _exit(MPIDeadline.exitCode)
      }
    }

    /// `EX_TEMPFAIL`: another run may go well.
    private static let exitCode: Int32 = 75

    /// Says that the operation is over.
    func dismiss() {
      isOver.signal()
      thread.join()
    }
  }
#endif
