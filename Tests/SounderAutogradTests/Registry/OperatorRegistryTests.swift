import SounderArray
import Testing

@testable import SounderAutograd

@Suite struct OperatorRegistryTests {
  private let a = Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])

  @Test("Every operator has a unique name, and a schema that begins with it")
  func names() {
    let names = OperatorRegistry.entries.map(\.fullName)
    #expect(Set(names).count == names.count)
    #expect(names == names.sorted())
    for entry in OperatorRegistry.entries {
      #expect(entry.schema.hasPrefix(entry.fullName + "("))
      #expect(!entry.documentation.isEmpty)
    }
  }

  @Test("A call by base name finds the overload that takes the arguments")
  func overloads() throws {
    let product = try OperatorRegistry.call("mul", [.tensor(a), .tensor(a)])
    #expect(product[0].floats() == [1, 4, 9, 16])
    #expect(try OperatorRegistry.call("mul", [.tensor(a), 2.5])[0].floats() == [2.5, 5, 7.5, 10])
    #expect(try OperatorRegistry.call("mul.Scalar", [.tensor(a), 2])[0].floats() == [2, 4, 6, 8])
  }

  @Test("Arguments may be named, and the others have their defaults")
  func named() throws {
    let sum = try OperatorRegistry.call(
      "add.Tensor", [.tensor(a), .tensor(a)], named: ["alpha": 2])
    #expect(sum[0].floats() == [3, 6, 9, 12])
    let joined = try OperatorRegistry.call("cat", [[.tensor(a), .tensor(a)]], named: ["dim": 1])
    #expect(joined[0].shape == [2, 4])
    #expect(try OperatorRegistry.call("cat", [[.tensor(a), .tensor(a)]])[0].shape == [4, 2])
  }

  @Test("An operator in place changes its argument and returns it")
  func inPlace() throws {
    let tensor = Tensor([1, 2] as [Float])
    let result = try OperatorRegistry.call("mul_", [.tensor(tensor), 3])
    #expect(result[0] === tensor)
    #expect(tensor.floats() == [3, 6])
    #expect(try OperatorRegistry.entry("mul_.Scalar").isInPlace)
  }

  @Test("What a node saves is known without running it")
  func saved() throws {
    #expect(try Set(OperatorRegistry.entry("mul.Tensor").savedValues) == ["self", "other"])
    #expect(try OperatorRegistry.entry("exp").savedValues == ["result"])
  }

  @Test(
    "A wrong call says what is wrong",
    arguments: [
      ("mulp", "unknown operator 'mulp'; did you mean 'mul'?"),
      ("mul.Tensr", "unknown operator 'mul.Tensr'; did you mean 'mul.Tensor'?"),
      ("neg", "neg: argument 'self' is missing (neg(Tensor self) -> Tensor)"),
      ("quantum", "unknown operator 'quantum'"),
    ])
  func unknown(name: String, message: String) {
    let error = #expect(throws: OperatorError.self) { try OperatorRegistry.call(name, []) }
    #expect(error?.description == message)
  }

  @Test("Arguments that don't fit are named with what was expected")
  func mismatch() {
    let kind = #expect(throws: OperatorError.self) {
      try OperatorRegistry.call("cumsum", [.tensor(a), "rows"])
    }
    #expect(kind?.description.hasPrefix("cumsum: 'dim' is a string, expected int (") == true)
    let name = #expect(throws: OperatorError.self) {
      try OperatorRegistry.call("cumsum", [.tensor(a)], named: ["dmi": 0])
    }
    #expect(name?.description.hasPrefix("cumsum: no parameter 'dmi' (") == true)
    let overload = #expect(throws: OperatorError.self) {
      try OperatorRegistry.call("mul", [.tensor(a), "x"])
    }
    #expect(
      overload?.description.hasPrefix("operator 'mul': no overload takes (a tensor, a string)")
        == true)
  }

  @Test("A base name with several overloads does not name one entry")
  func ambiguous() {
    #expect(throws: OperatorError.self) { try OperatorRegistry.entry("mul") }
  }

  @Test("A sample gives the arguments of a call")
  func samples() throws {
    for entry in OperatorRegistry.entries {
      for sample in entry.samples {
        let arguments = try sample.arguments(for: entry) { _ in a }
        #expect(arguments.count == entry.parameters.count)
        for (argument, parameter) in zip(arguments, entry.parameters) {
          #expect(parameter.accepts(argument), "\(entry.fullName): \(parameter.name)")
        }
      }
    }
  }
}
