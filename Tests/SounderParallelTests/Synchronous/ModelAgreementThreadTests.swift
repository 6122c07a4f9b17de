import SounderArray
import SounderAutograd
import SounderComm
import SounderNN
import Testing

@testable import SounderParallel

@Suite("Agreement about the model")
struct ModelAgreementThreadTests {
  /// What `DataParallel` says on two ranks, the second of which is set up by `change`.
  private func message(
    _ change:
      @escaping @Sendable (
        inout OptimizerConfiguration, inout DataParallel.Options, inout Module
      ) -> Void
  ) throws -> [String] {
    try ThreadGroup.run(ranks: 2, timeout: .seconds(30)) { group in
      var model: Module = MLP(4, hidden: [3], 2)
      model.initialize(seed: 1)
      var optimizer = OptimizerConfiguration.sgd(learningRate: 0.1)
      var options = DataParallel.Options()
      options.initialValues = .equal
      if group.rank == 1 { change(&optimizer, &options, &model) }
      do {
        _ = try DataParallel(model: model, optimizer: optimizer, group: group, options: options)
        return "content"
      } catch let error as DisagreementError { return error.description }
    }
  }

  @Test("DP-16: equal models are accepted")
  func equal() throws {
    #expect(try message { _, _, _ in } == ["content", "content"])
  }

  @Test("DP-16: a parameter of another shape is named with both shapes")
  func shape() throws {
    let said = try message { _, _, model in
      model = MLP(4, hidden: [5], 2)
      model.initialize(seed: 1)
    }
    #expect(said[0] == said[1])
    #expect(said[0].contains("parameter '"))
    #expect(said[0].contains("float32 [3, 4] on rank 0, but float32 [5, 4] on rank 1"))
  }

  @Test("DP-16: a parameter of another type and a frozen one are named")
  func type() throws {
    let said = try message { _, _, model in
      model = MLP(4, hidden: [3], 2)
      model.initialize(seed: 1)
      model.requiresGrad(false)
    }
    #expect(said[1].contains("float32 [3, 4] on rank 0, but float32 [3, 4] (frozen) on rank 1"))
  }

  @Test("DP-16: other initial values are found unless rank 0's are wanted")
  func values() throws {
    let said = try message { _, _, model in model.initialize(seed: 2) }
    #expect(said[0].contains("the digest of the values of '"))
    let wanted = try ThreadGroup.run(ranks: 2) { group in
      let model = Linear(2, 2)
      model.initialize(seed: UInt64(group.rank))
      _ = try DataParallel(model: model, optimizer: .sgd(learningRate: 0.1), group: group)
      return model.weight.floats()
    }
    #expect(wanted[0] == wanted[1])
  }

  @Test("DP-16: an option or a hyperparameter that differs is named")
  func options() throws {
    #expect(
      try message { optimizer, _, _ in optimizer.momentum = 0.5 }[0]
        .contains("optimizer.momentum is 0.0 on rank 0, but 0.5 on rank 1"))
    #expect(
      try message { _, options, _ in options.bucketBytes = 4096 }[0]
        .contains("options.bucketBytes is not set on rank 0, but 4096 on rank 1"))
  }
}
