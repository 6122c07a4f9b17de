import SounderArray
import Testing

@testable import SounderNN

/// Optimisers against numbers from PyTorch 2.13 in float64: parameters after the first and fourth step.
@Suite("Optimisers give PyTorch's numbers")
struct OptimizerReferenceTests {
  struct Reference: Sendable, CustomTestStringConvertible {
    let configuration: OptimizerConfiguration
    let first: [Double]
    let fourth: [Double]

    init(_ configuration: OptimizerConfiguration, first: [Double], fourth: [Double]) {
      self.configuration = configuration
      self.first = first
      self.fourth = fourth
    }

    var testDescription: String {
      "\(configuration.kind) momentum \(configuration.momentum) "
        + "nesterov \(configuration.nesterov) decay \(configuration.weightDecay)"
    }
  }

  static let initial = [0.5, -1.25, 2.0, 0.125, -0.03125]
  static let gradients = [
    [0.5, -1.5, 0.25, 2.0, -0.125],
    [-0.75, -1.0, 0.5, 1.0, 0.0],
    [0.25, 0.5, -2.0, -0.5, 0.375],
    [1.0, -0.25, 0.125, -1.0, -0.5],
  ]

  static let references = [
    Reference(
      .sgd(learningRate: 0.1),
      first: [0.45, -1.1, 1.975, -0.07500000000000001, -0.01875],
      fourth: [0.4, -1.0250000000000001, 2.1125, -0.024999999999999994, -0.006249999999999999]),
    Reference(
      .sgd(learningRate: 0.1, weightDecay: 0.01),
      first: [0.4495, -1.09875, 1.973, -0.07512500000000003, -0.01871875],
      fourth: [
        0.39802792305049994, -1.0206069451512498, 2.104486867027, -0.024749950299875013,
        -0.006125149887531244,
      ]),
    Reference(
      .sgd(learningRate: 0.1, momentum: 0.9),
      first: [0.45, -1.1, 1.975, -0.07500000000000001, -0.01875],
      fourth: [
        0.38380000000000003, -0.5331500000000001, 2.1460250000000003, -0.6388,
        -0.009512499999999997,
      ]),
    Reference(
      .sgd(learningRate: 0.05, momentum: 0.9, weightDecay: 0.1),
      first: [0.4725, -1.16875, 1.9775, 0.024374999999999987, -0.02484375],
      fourth: [
        0.4199260846874999, -0.8396492132812499, 1.9837492965625, -0.25718799835937506,
        -0.019165669941406255,
      ]),
    Reference(
      .sgd(learningRate: 0.1, momentum: 0.9, nesterov: true),
      first: [0.405, -0.965, 1.9525, -0.255, -0.0075],
      fourth: [0.29542, -0.37983499999999987, 2.2439225, -0.71242, 0.013313750000000004]),
    Reference(
      .sgd(learningRate: 0.05, momentum: 0.8, nesterov: true, weightDecay: 0.1),
      first: [0.4505, -1.10375, 1.9595, -0.056125000000000036, -0.01971875],
      fourth: [
        0.3807504937855, -0.83166643061625, 2.0133201258245, -0.2042521216598751,
        -0.00957393473128125,
      ]),
    Reference(
      .adam(learningRate: 0.1),
      first: [
        0.40000000199999997, -1.1500000006666666, 1.9000000039999998, 0.025000000499999994,
        0.06874999200000065,
      ],
      fourth: [
        0.38443961804870674, -0.9452603331874426, 1.8753358336102135, -0.14362031373163014,
        0.11464064336018076,
      ]),
    Reference(
      .adam(learningRate: 0.05, beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.1),
      first: [
        0.4500000909089256, -1.2000000307692118, 1.9500001111108642, 0.07500002484470815,
        0.018749609759143346,
      ],
      fourth: [
        0.4319641678686809, -1.096475653318672, 1.92470636301717, 8.103511334483712e-05,
        0.03735116497644137,
      ]),
    Reference(
      .adamW(learningRate: 0.1),
      first: [
        0.39950000199999997, -1.1487500006666667, 1.8980000039999998, 0.024875000499999994,
        0.06878124200000064,
      ],
      fourth: [
        0.3826914338802211, -0.9408166908647424, 1.867799012459856, -0.14357715528715587,
        0.11437605602066583,
      ]),
    Reference(
      .adamW(learningRate: 0.05, beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.5),
      first: [
        0.4375000999998, -1.1687500333333112, 1.9000001999992, 0.07187502499998749,
        0.01953085000319998,
      ],
      fourth: [
        0.39719023384812285, -0.9906213970071268, 1.7546331690720414, -0.005101162545322487,
        0.03673041024035585,
      ]),
  ]

  @Test("In float64, to the last digits", arguments: references)
  func float64(reference: Reference) {
    var memory = FlatMemory<Double>(reference.configuration, Self.initial)
    for (index, gradient) in Self.gradients.enumerated() {
      memory.step(index + 1, gradient)
      if index == 0 { #expect(memory.parameters.isClose(to: reference.first, within: 1e-14)) }
    }
    #expect(memory.parameters.isClose(to: reference.fourth, within: 1e-14))
  }

  @Test("In float32, to single precision", arguments: references)
  func float32(reference: Reference) {
    var memory = FlatMemory<Float>(reference.configuration, Self.initial.map(Float.init))
    for (index, gradient) in Self.gradients.enumerated() {
      memory.step(index + 1, gradient.map(Float.init))
    }
    #expect(memory.parameters.map(Double.init).isClose(to: reference.fourth, within: 1e-6))
  }

  @Test("A gradient scale is the scaled gradient", arguments: references)
  func scaledGradient(reference: Reference) {
    var scaled = FlatMemory<Double>(reference.configuration, Self.initial)
    var plain = scaled
    for (index, gradient) in Self.gradients.enumerated() {
      scaled.step(index + 1, gradient, scale: 0.25)
      plain.step(index + 1, gradient.map { $0 * 0.25 })
    }
    #expect(scaled.parameters == plain.parameters)
  }
}
