import ArgumentParser
import Foundation
import Sounder

/// Turns errors into messages and exit codes: the one place where that happens.
enum Failure {
  /// Runs a command; an error ends the program.
  static func exitOnError(_ body: () throws -> Void) {
    do { try body() } catch let code as ArgumentParser.ExitCode {
      Foundation.exit(code.rawValue)
    } catch {
      // Help and the like travel as errors, which the parser knows how to print.
      if SounderCommand.exitCode(for: error) != .failure { SounderCommand.exit(withError: error) }
      report(error)
      Foundation.exit(exitCode(of: error).rawValue)
    }
  }

  /// Ends a command with an exit code and no message.
  static func finish(with code: Sounder.ExitCode) throws {
    if code != .success { throw ArgumentParser.ExitCode(code.rawValue) }
  }

  /// The exit code of an error: its own if it has one.
  static func exitCode(of error: any Error) -> Sounder.ExitCode {
    switch error {
    case let error as any ReportedError: error.exitCode
    case let error as RankError: exitCode(of: error.underlying)
    case is ParallelError: .configuration
    case is NonFiniteError: .internalError
    case let error as DisagreementError:
      switch error.subject {
      case .data: .dataError
      case .state: .internalError
      case .build, .configuration, .model: .configuration
      }
    case let error as CommunicationError: exitCode(of: error.kind)
    default: .failure
    }
  }

  private static func exitCode(of kind: CommunicationError.Kind) -> Sounder.ExitCode {
    switch kind {
    // The ranks have lost each other: another run may go well.
    case .timeout, .peerFailure: .preempted
    case .launch: .configuration
    case .mismatch, .mpi: .internalError
    case .system: .failure
    }
  }

  /// Writes the message to standard error.
  static func report(_ error: any Error) {
    // Every rank finds these alike; one of them says so.
    let isCommon =
      error is ConfigurationError || error is ParallelError || error is DisagreementError
      || (error as? CommunicationError)?.kind == .launch
    guard isSpeaking || !isCommon else {
      // mpirun kills all ranks as soon as one fails: let the speaker finish first.
      usleep(300_000)
      return
    }
    let stderr = Terminal(descriptor: STDERR_FILENO)
    stderr.write(message(error, excerpts: stderr.isInteractive) + "\n")
  }

  /// Writes warnings to standard error.
  static func report(warnings: [ConfigurationDiagnostic]) {
    guard isSpeaking else { return }
    for warning in warnings { Terminal(descriptor: STDERR_FILENO).write(warning.line + "\n") }
  }

  private static func message(_ error: any Error, excerpts: Bool) -> String {
    switch error {
    case let error as ConfigurationError: error.text(excerpts: excerpts)
    case let error as any ReportedError: error.description
    case let error as RankError: message(error.underlying, excerpts: excerpts)
    default: "error: \(error)"
    }
  }

  /// Whether this process is rank 0, or on its own, judged by what launchers leave in the environment.
  private static var isSpeaking: Bool {
    let environment = try? LauncherEnvironment.detect()
    // Tasks of a launcher that cannot be used have a number all the same.
    let task = ProcessInfo.processInfo.environment["SLURM_PROCID"]
    return environment.map { $0.rank == 0 } ?? (task == nil || task == "0")
  }
}
