import Foundation
import SounderArray
import Testing

@testable import SounderNN

@Suite("Flat optimisers")
struct FlatOptimizerTests {
  static let configurations: [OptimizerConfiguration] = [
    .sgd(learningRate: 0.1, weightDecay: 0.01),
    .sgd(learningRate: 0.1, momentum: 0.9),
    .sgd(learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01),
    .adam(learningRate: 0.01, weightDecay: 0.1),
    .adamW(learningRate: 0.01),
  ]

  private func wave(_ count: Int, _ phase: Float) -> [Float] {
    (0..<count).map { sin(Float($0) * 0.37 + phase) }
  }

  @Test("Any cut of the range gives the same bits", arguments: configurations)
  func cutsDoNotMatter(configuration: OptimizerConfiguration) {
    let count = 1_003
    var whole = FlatMemory(configuration, wave(count, 0))
    var cut = whole
    for number in 1...3 {
      let gradients = wave(count, Float(number))
      whole.step(number, gradients)
      cut.step(number, gradients, ranges: [500..<777, 0..<1, 777..<count, 1..<500])
    }
    #expect(whole.parameters == cut.parameters)
    #expect(whole.state == cut.state)
  }

  @Test("Nothing outside the range changes", arguments: configurations)
  func rangeIsRespected(configuration: OptimizerConfiguration) {
    let initial = wave(100, 0)
    var memory = FlatMemory(configuration, initial)
    memory.step(1, wave(100, 1), ranges: [17..<60, 80..<80])
    for index in 0..<100 where !(17..<60).contains(index) {
      #expect(memory.parameters[index] == initial[index])
      for slot in memory.state { #expect(slot[index] == 0) }
    }
    #expect(memory.parameters[17..<60] != initial[17..<60])
  }

  @Test("The loops agree with their formulas, operation by operation")
  func bitExactFormulas() {
    let count = 257
    let configuration = OptimizerConfiguration.sgd(
      learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.01)
    var memory = FlatMemory(configuration, wave(count, 0))
    var parameters = memory.parameters
    var buffer = [Float](repeating: 0, count: count)
    for number in 1...4 {
      let gradients = wave(count, Float(number))
      memory.step(number, gradients, scale: 0.5)
      for index in 0..<count {
        let gradient = 0.5 * gradients[index] + Float(0.01) * parameters[index]
        buffer[index] = Float(0.9) * buffer[index] + gradient
        parameters[index] -= Float(0.05) * (gradient + Float(0.9) * buffer[index])
      }
    }
    #expect(memory.parameters == parameters)
    #expect(memory.state == [buffer])
  }

  @Test("State slots are counted and named")
  func stateSlots() {
    #expect(OptimizerConfiguration.sgd(learningRate: 1).stateSlotCount == 0)
    #expect(OptimizerConfiguration.sgd(learningRate: 1, momentum: 0.5).stateSlotCount == 1)
    for configuration in Self.configurations {
      #expect(configuration.stateSlotNames.count == configuration.stateSlotCount)
    }
  }

  @Test(
    "A hyperparameter outside its domain is named",
    arguments: [
      (OptimizerConfiguration.sgd(learningRate: -1), "lr"),
      (.sgd(learningRate: .nan), "lr"),
      (.sgd(learningRate: 1, momentum: 1), "momentum"),
      (.sgd(learningRate: 1, nesterov: true), "nesterov"),
      (.sgd(learningRate: 1, weightDecay: -0.1), "weight_decay"),
      (.adam(beta1: 1), "beta1"),
      (.adam(beta2: -0.5), "beta2"),
      (.adamW(epsilon: 0), "eps"),
    ])
  func invalidHyperparameters(configuration: OptimizerConfiguration, name: String) {
    let error = #expect(throws: InvalidHyperparameter.self) { try configuration.validate() }
    #expect(error?.name == name)
  }

  @Test("A missing state array ends the program with a message")
  func missingState() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var memory = FlatMemory<Float>(.sgd(learningRate: 1, momentum: 0.5), [1])
      memory.state = []
      memory.step(1, [1])
    }
    let message = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(message.contains("sgd wants 1 state arrays, not 0"))
  }
}
