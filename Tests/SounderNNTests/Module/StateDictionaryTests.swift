import SounderArray
import SounderAutograd
import Testing

@testable import SounderNN

@Suite("State dictionaries")
struct StateDictionaryTests {
  @Test("What one model saves another loads")
  func roundTrip() throws {
    let source = MLP(4, hidden: [3], 2, layerNorm: true)
    let target = MLP(4, hidden: [3], 2, layerNorm: true)
    try target.load(source.stateDictionary().mapValues { $0.cast(to: .float64) })
    #expect(source.parameters.map { $0.floats() } == target.parameters.map { $0.floats() })
    #expect(target.parameters.allSatisfy { $0.dtype == .float32 && $0.version > 0 })
  }

  @Test("Everything that does not fit is listed, and nothing is loaded")
  func problems() {
    let model = Sequential(Linear(3, 2))
    let before = model.parameters.map { $0.floats() }
    let error = #expect(throws: StateDictionaryError.self) {
      try model.load(["layers.0.weight": NDArray([1, 2] as [Float]), "z": NDArray([1] as [Float])])
    }
    #expect(
      error?.problems == [
        .shape("layers.0.weight", expected: [2, 3], found: [2]), .missing("layers.0.bias"),
        .unexpected("z"),
      ])
    #expect(
      error?.description == "the state does not fit the model: "
        + "'layers.0.weight' has shape [2], the model's has [2, 3]; "
        + "'layers.0.bias' is missing; 'z' is unexpected")
    #expect(model.parameters.map { $0.floats() } == before)
  }

  @Test("Not strict, only shapes must match")
  func lenient() throws {
    let model = Sequential(Linear(2, 1))
    try model.load(
      ["layers.0.bias": NDArray([5] as [Float]), "z": NDArray([1] as [Float])], strict: false)
    #expect(model.parameters[1].floats() == [5])
  }
}
