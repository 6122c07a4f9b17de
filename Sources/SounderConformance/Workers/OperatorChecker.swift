import SounderTrain

/// Runs the cases of operators, one after the other, in a worker process that is replaced when a case
/// ends it.
final class OperatorChecker {
  private let command: WorkerCommand
  private var worker: WorkerProcess?

  init(_ command: WorkerCommand) { self.command = command }

  /// Runs all cases of one operator.
  /// - Throws: ``ConformanceError`` if its files cannot be used or no worker can be started.
  func outcomes(of name: String) throws -> [CaseOutcome] {
    var outcomes: [CaseOutcome] = []
    while true {
      let worker = try self.worker ?? WorkerProcess(command)
      self.worker = worker
      worker.request(name, from: outcomes.count)
      guard let failed = try collect(from: worker, &outcomes, name) else { return outcomes }
      self.worker = nil
      outcomes.append(failed)
    }
  }

  /// Reads outcomes to the end; returns that of the case which ended the worker, if one did.
  private func collect(
    from worker: WorkerProcess, _ outcomes: inout [CaseOutcome], _ name: String
  ) throws -> CaseOutcome? {
    var current: (outcome: CaseOutcome, kinds: [CheckKind])?
    do throws(WorkerProcess.Silence) {
      while true {
        switch try worker.message(within: command.timeLimit) {
        case .begin(_, let id, let kinds):
          if let current { outcomes.append(current.outcome) }
          current = (CaseOutcome(id: id, checks: []), kinds)
        case .check(let kind, let failure):
          current?.outcome.checks.append(CaseOutcome.Check(kind: kind, failure: failure))
        case .end:
          if let current { outcomes.append(current.outcome) }
          return nil
        case .unusable(let code, let message):
          throw .unusable(ConformanceError(exitCode: code, description: message))
        }
      }
    } catch {
      return try blame(error, worker, current, name)
    }
  }

  private func blame(
    _ silence: WorkerProcess.Silence, _ worker: WorkerProcess,
    _ current: (outcome: CaseOutcome, kinds: [CheckKind])?, _ name: String
  ) throws -> CaseOutcome {
    let reason =
      switch silence {
      case .ended: worker.lastWords()
      case .timeLimit: "no result within \(command.timeLimit)"
      case .unusable(let error): throw error
      }
    guard var outcome = current?.outcome, let kinds = current?.kinds else {
      throw ConformanceError(
        exitCode: .internalError,
        description: "\(name): error: the worker failed before its first case: \(reason)")
    }
    for kind in kinds where !outcome.checks.contains(where: { $0.kind == kind }) {
      outcome.checks.append(CaseOutcome.Check(kind: kind, failure: reason))
    }
    return outcome
  }
}
