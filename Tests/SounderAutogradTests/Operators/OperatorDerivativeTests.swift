import SounderArray
import Testing

@testable import SounderAutograd

/// The tests every operator with a derivative has to pass, driven by the registry.
@Suite struct OperatorDerivativeTests {
  @Test("Every operator with a derivative has samples, and all are covered")
  func coverage() throws {
    let names = OperatorCase.differentiable
    for name in names {
      let cases = try OperatorCase.all(of: name)
      #expect(!cases.isEmpty, "\(name) has no samples in derivatives.yaml")
      for operatorCase in cases { #expect(!operatorCase.inputs.isEmpty, "\(name)") }
    }
    let others = OperatorRegistry.entries.filter { !$0.isInPlace && !names.contains($0.fullName) }
    for entry in others {
      #expect(!entry.hasReverse && !entry.hasForward, "\(entry.fullName) is left out")
    }
  }

  @Test(
    "First and second derivatives agree with differences, forward with reverse mode",
    arguments: OperatorCase.differentiable)
  func derivatives(name: String) throws {
    for operatorCase in try OperatorCase.all(of: name) {
      let report = try checkGradients(of: { try operatorCase($0) }, at: operatorCase.inputs)
      #expect(report.comparisons.count == 4)
    }
  }

  @Test(
    "Strides change neither values nor derivatives",
    arguments: OperatorCase.differentiable, [OperatorLayout.transposed, .strided])
  func strides(name: String, layout: OperatorLayout) throws {
    for dense in try OperatorCase.all(of: name) where dense.acceptsAnyStrides {
      let inputs = dense.inputs
      // Indices and masks have the layout too.
      let operatorCase = dense.mapTensors { tensor, isActive in
        isActive ? tensor : layout.view(layout.base(tensor), of: tensor)
      }
      func function(_ bases: [Tensor]) throws -> Tensor {
        try operatorCase(zip(bases, inputs).map { layout.view($0, of: $1) })
      }
      let bases = inputs.map(layout.base)
      expectClose(try function(bases), try dense(inputs))
      try checkGradients(of: function, at: bases)
    }
  }

  @Test(
    "Broadcast arguments have the right derivatives", arguments: OperatorCase.differentiable)
  func broadcast(name: String) throws {
    let layout = OperatorLayout.expanded
    for operatorCase in try OperatorCase.all(of: name) where operatorCase.acceptsAnyStrides {
      let inputs = operatorCase.inputs
      for expanded in inputs.indices {
        func function(_ values: [Tensor]) throws -> Tensor {
          var arguments = values
          arguments[expanded] = layout.view(values[expanded], of: inputs[expanded])
          return try operatorCase(arguments)
        }
        var bases = inputs
        bases[expanded] = layout.base(inputs[expanded])
        try checkGradients(of: function, at: bases)
      }
    }
  }

  @Test("Derivatives of float32 are float32", arguments: OperatorCase.differentiable)
  func singlePrecision(name: String) throws {
    // A conversion goes to the type it is told.
    if name == "to_dtype" { return }
    for operatorCase in try OperatorCase.all(of: name)
    where !operatorCase.inputs.contains(where: \.dtype.isComplex) {
      let leaves = try operatorCase.inputs.map {
        try Tensor($0.array.cast(to: .float32)).requiresGrad()
      }
      let doubles = try operatorCase.inputs.map { try Tensor($0.array).requiresGrad() }
      let result = try operatorCase(leaves)
      if result.dtype == .complex64 { continue }
      #expect(result.dtype == .float32)
      try result.sum().backward()
      try operatorCase(doubles).sum().backward()
      for (leaf, double) in zip(leaves, doubles) {
        let single = try #require(leaf.grad)
        #expect(single.dtype == .float32 && single.shape == leaf.shape)
        expectClose(single, try #require(double.grad), tolerance: 1e-4)
      }
    }
  }
}

/// Expects equal shapes, and elements that differ by rounding only.
func expectClose(
  _ a: Tensor, _ b: Tensor, tolerance: Double = 1e-12,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(a.shape == b.shape, sourceLocation: sourceLocation)
  for (x, y) in zip(a.doubles(), b.doubles()) where !(x.isNaN && y.isNaN) && x != y {
    #expect(abs(x - y) <= tolerance * max(1, abs(y)), sourceLocation: sourceLocation)
  }
}
