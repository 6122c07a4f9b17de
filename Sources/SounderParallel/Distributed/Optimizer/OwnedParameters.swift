import CKernels
import Foundation
import SounderArray
import SounderAutograd
import SounderNN

/// The parameters one rank owns, in versions: updates write new arrays, so that whoever was given a version
/// keeps it.
final class OwnedParameters: @unchecked Sendable {
  // @unchecked: all state is guarded by `condition`; arrays of a version are not written any more.
  private let condition = NSCondition()
  private let originals: [Tensor]
  private let optimizer: FlatOptimizer
  private var values: [NDArray]
  private let state: [[NDArray]]
  private var updates = 0

  private static let slice = 0.02

  init(_ parameters: [Tensor], _ optimizer: FlatOptimizer) {
    originals = parameters
    self.optimizer = optimizer
    values = parameters.map { Kernels.clone(Kernels.contiguous($0.array)) }
    state = parameters.map { parameter in
      (0..<optimizer.stateSlotCount).map { _ in
        Kernels.zeros(Array(parameter.shape), parameter.dtype)
      }
    }
  }

  private func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
    condition.lock()
    defer { condition.unlock() }
    return try body()
  }

  var version: Int { locked { updates } }

  /// Leaves with the values of the current version.
  func leaves() throws -> [Tensor] {
    try locked { values }.map { try Tensor($0).requiresGrad() }
  }

  /// Waits until as many updates have been made.
  func wait(for version: Int, deadline: UInt64) throws {
    try locked { try wait(deadline) { updates >= version } }
  }

  /// Makes update `number`, after all before it.
  func apply(
    _ gradients: [Tensor?], number: Int, learningRate: Double?, deadline: UInt64
  ) throws {
    try locked {
      try wait(deadline) { updates == number }
      for (index, gradient) in gradients.enumerated() {
        guard let gradient else { continue }
        values[index] = updated(index, Kernels.contiguous(gradient.array), learningRate)
      }
      updates += 1
      condition.broadcast()
    }
  }

  /// A new array for a parameter.
  private func updated(_ index: Int, _ gradient: NDArray, _ learningRate: Double?) -> NDArray {
    let result = Kernels.clone(values[index])
    withExtendedLifetime(gradient) {
      optimizer.update(
        0..<result.count, parameters: result.pointer, gradients: gradient.pointer,
        state: state[index].map(\.pointer), step: updates + 1,
        learningRate: learningRate ?? optimizer.configuration.learningRate,
        decays: optimizer.configuration.decays(result.shape))
    }
    return result
  }

  func synchronize() {
    locked {
      for (original, value) in zip(originals, values) {
        original.array.copy(from: value)
        original.incrementVersion()
      }
    }
  }

  private func wait(_ deadline: UInt64, _ isDone: () -> Bool) throws {
    while !isDone() {
      guard ck_monotonic_nanoseconds() < deadline else {
        throw DistributedAutogradError(
          .timeout, rank: 0, operation: "DistributedOptimizer.step",
          "this rank has made \(updates) updates and the next does not come; every rank must end each step "
            + "it takes part in")
      }
      _ = condition.wait(until: Date(timeIntervalSinceNow: Self.slice))
    }
  }
}
