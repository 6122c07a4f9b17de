import SounderAutograd
import SounderNN
import Testing

@testable import SounderTrain

@Suite("Models made of layers")
struct LayerListTests {
  private static func read(_ layers: String) throws -> Configuration {
    try ConfigurationReader.read(
      yaml: "model:\n  layers:\n\(layers)\ndata: {kind: digits, train_count: 20, test_count: 10}\n",
      name: "m.yaml"
    ).configuration
  }

  private static func message(_ layers: String) -> String {
    do {
      let configuration = try read(layers)
      _ = try configuration.makeModel(for: DatasetSplits.load(configuration).train)
      return "valid"
    } catch { return "\(error)" }
  }

  @Test("A list of layers becomes a model, with shapes inferred and the last one's from the data")
  func model() throws {
    let configuration = try Self.read(
      """
          - conv2d: {out_channels: 4, kernel_size: 3}
          - relu
          - max_pool2d: {kernel_size: 2}
          - batch_norm2d
          - flatten
          - exp
          - dropout: {p: 0.1}
          - linear
      """)
    #expect(configuration.model.kind == .layers)
    let data = try DatasetSplits.load(configuration)
    let model = try configuration.makeModel(for: data.train)
    #expect(model.parameterCount == 4 * 9 + 4 + 8 + 4 * 13 * 13 * 10 + 10)
    let (features, _) = data.train.gather([0, 1] as [Int32])
    #expect(model(Tensor(features)).shape == [2, 10])
  }

  @Test(
    "Mistakes are found before any work, with their place",
    arguments: [
      (
        "    - conv2 : {kernel_size: 3}",
        "m.yaml:3:7: error: unknown layer 'conv2'; did you mean 'conv2d'?"
      ),
      ("    - linear: {out: 3}", "m.yaml:3:16: error: unknown key 'out' in layer 'linear'"),
      ("    - conv2d: {out_channels: 3}", "m.yaml:3:7: error: layer 'conv2d' needs 'kernel_size'"),
      ("    - dropout: {p: 1.5}", "m.yaml:3:20: error: layer 'dropout', 'p': expected a number"),
      (
        "    - flatten\n    - conv2d: {out_channels: 3, kernel_size: 3}\n    - linear",
        "m.yaml:4:7: error: model.layers, layer 2 (conv2d): the input is [784], expected [channels"
      ),
      (
        "    - max_pool2d: {kernel_size: 40}\n    - flatten\n    - linear",
        "m.yaml:3:7: error: model.layers, layer 1 (max_pool2d): a window of 40 does not fit"
      ),
      (
        "    - flatten\n    - linear: {out_features: 7}",
        "m.yaml:4:7: error: model.layers: the last layer (linear) gives [7], the data need [10]"
      ),
      ("    - embedding: {width: 4}", "holds numbers, expected tokens"),
    ])
  func mistakes(_ layers: String, _ expected: String) {
    let message = Self.message(layers)
    #expect(message.contains(expected), "\(message)")
  }

  @Test("The printed configuration reads back as the same")
  func roundTrip() throws {
    let resolved = try ConfigurationReader.read(
      yaml: "model:\n  layers: [flatten, {linear: {out_features: 12, bias: false}}, tanh, linear]\n"
    )
    let again = try ConfigurationReader.read(yaml: resolved.yaml(origins: true))
    #expect(again.configuration == resolved.configuration)
  }

  @Test("Programs add kinds of layers, and operators they register are layers")
  func added() throws {
    LayerRegistry.register(
      LayerKind("test_twice", "Twice the input.", [.number("times", default: 2)]) { _, input in
        LayerPlan(output: input) { Identity() }
      })
    _ = try OperatorRegistry.register(
      "jobs_test::scale(Tensor x, float s=2) -> Tensor", isComposite: true
    ) { inputs in [.tensor(try inputs.tensor("x") * inputs.double("s"))] }
    #expect(
      Self.message(
        "    - flatten\n    - test_twice: {times: 3}\n    - jobs_test::scale: {s: 0.5}\n    - linear"
      )
        == "valid")
  }
}
