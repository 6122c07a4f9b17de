import Foundation
import SounderArray

/// Checks the derivatives of a function against differences of its values, and against each other.
///
/// All comparisons are along one random direction, so their number does not grow with the inputs:
/// 1. *reverse*: ⟨Jᵀv, u⟩ against the central difference of ⟨v, f⟩ along u;
/// 2. *forward*: ⟨v, Ju⟩ from forward mode against ⟨Jᵀv, u⟩;
/// 3. *recorded* (order 2): Jᵀv computed while it is recorded against Jᵀv computed plainly, which may
///    take other kernels;
/// 4. *second order* (order 2): the derivative of ⟨Jᵀv, w⟩ along a direction in inputs and v against
///    its central difference.
///
/// ```swift
/// try checkGradients(of: { ($0[0] * $0[1]).sum() }, at: [a, b])
/// ```
///
/// - Parameters:
///   - function: A function of the inputs that always computes the same.
///   - inputs: The point, float64 or complex128. Integers and bools are passed on as they are.
///   - order: 1, or 2 to differentiate the gradients as well.
///   - forwardMode: Whether forward mode is checked as well.
///   - step: The step of the central differences.
///   - tolerance: The largest accepted difference, relative to the size of the terms that are compared.
///   - seed: The seed of the directions.
/// - Returns: What was compared.
/// - Throws: ``GradientCheckError`` for the first comparison that fails; what the function throws.
@discardableResult
public func checkGradients(
  of function: ([Tensor]) throws -> Tensor, at inputs: [Tensor], order: Int = 2,
  forwardMode: Bool = true, step: Double = 1e-5, tolerance: Double = 1e-6, seed: UInt64 = 0
) throws -> GradientCheckReport {
  require(order == 1 || order == 2, "checkGradients: order \(order) is neither 1 nor 2")
  for (index, input) in inputs.enumerated() where input.dtype.isDifferentiable {
    require(
      input.dtype == .float64 || input.dtype == .complex128,
      "checkGradients: input \(index) is \(input.dtype), differences need float64 or complex128")
  }
  return try withoutActuallyEscaping(function) { function in
    var check = GradientCheck(
      function: function, inputs: inputs, step: step, tolerance: tolerance, seed: seed)
    try check.first(forwardMode: forwardMode)
    if order == 2 { try check.second() }
    return GradientCheckReport(comparisons: check.comparisons)
  }
}

/// One run of ``checkGradients(of:at:order:forwardMode:step:tolerance:seed:)``.
private struct GradientCheck {
  let function: ([Tensor]) throws -> Tensor
  let inputs: [Tensor]
  /// The inputs that have derivatives.
  let active: [Int]
  let step: Double
  let tolerance: Double
  var stream: RandomStream
  var comparisons: [GradientCheckReport.Comparison] = []

  init(
    function: @escaping ([Tensor]) throws -> Tensor, inputs: [Tensor], step: Double,
    tolerance: Double, seed: UInt64
  ) {
    self.function = function
    self.inputs = inputs.map { $0.detach() }
    active = inputs.indices.filter { inputs[$0].dtype.isDifferentiable }
    self.step = step
    self.tolerance = tolerance
    stream = RandomStream(seed: seed, stream: 0)
  }

  private var point: [Tensor] { active.map { inputs[$0] } }

  /// Reverse mode against differences and forward mode.
  mutating func first(forwardMode: Bool) throws {
    let cotangent = random(like: try value(at: point))
    let direction = point.map { random(like: $0) }
    let reverse = try gradient(at: point, cotangent, recorded: false)
    let slope = inner(reverse, direction)
    let size = innerOfMagnitudes(reverse, direction)
    let difference = try centralDifference { t in
      inner([try value(at: moved(point, t, direction))], [cotangent])
    }
    try compare(.reverse, slope, difference, size)
    guard forwardMode else { return }

    let pushed = try ForwardMode.level { level in
      let duals = try zip(point, direction).map { try level.dual($0, tangent: $1) }
      return level.tangent(of: try noGrad { try call(duals) })
    }
    let forward = pushed.map { inner([$0], [cotangent]) } ?? 0
    try compare(.forward, forward, slope, size, tolerance: min(tolerance, 1e-9))
  }

  /// Double backward against differences of the gradient.
  mutating func second() throws {
    let cotangent = random(like: try value(at: point))
    let weights = point.map { random(like: $0) }
    let direction = point.map { random(like: $0) } + [random(like: cotangent)]

    let leaves = try (point + [cotangent]).map { try Tensor($0.array).requiresGrad() }
    let recorded = try gradient(at: leaves.dropLast(), leaves[leaves.count - 1], recorded: true)
    let plain = try gradient(at: point, cotangent, recorded: false)
    try compare(
      .recorded, inner(recorded, weights), inner(plain, weights),
      innerOfMagnitudes(plain, weights), tolerance: min(tolerance, 1e-9))

    let outputs = zip(recorded, weights).filter { $0.0.requiresGrad }
    var second = leaves.map { Tensor(Kernels.zerosLike($0.array)) }
    if !outputs.isEmpty {
      second = try gradients(
        of: outputs.map(\.0), withRespectTo: leaves, gradOutputs: outputs.map(\.1),
        materializeGrads: true
      ).compactMap { $0 }
    }
    let difference = try centralDifference { t in
      let shifted = moved(point + [cotangent], t, direction)
      let result = try gradient(at: shifted.dropLast(), shifted[point.count], recorded: false)
      return inner(result, weights)
    }
    try compare(
      .secondOrder, inner(second, direction), difference, innerOfMagnitudes(second, direction))
  }
}

// Evaluation.
extension GradientCheck {
  private func call(_ values: some Collection<Tensor>) throws -> Tensor {
    var arguments = inputs
    for (index, value) in zip(active, values) { arguments[index] = value }
    return try function(arguments)
  }

  private func value(at values: [Tensor]) throws -> Tensor { try noGrad { try call(values) } }

  /// Jᵀv; zeros where the function does not depend on an input.
  private func gradient(
    at values: some Collection<Tensor>, _ cotangent: Tensor, recorded: Bool
  ) throws -> [Tensor] {
    try withGradient(enabled: true) {
      let leaves = recorded ? Array(values) : try values.map { try Tensor($0.array).requiresGrad() }
      let result = try call(leaves)
      guard result.requiresGrad && !leaves.isEmpty else {
        return leaves.map { Tensor(Kernels.zerosLike($0.array)) }
      }
      return try gradients(
        of: [result], withRespectTo: leaves, gradOutputs: [cotangent], createGraph: recorded,
        materializeGrads: true
      ).compactMap { $0 }
    }
  }

  private func moved(_ values: [Tensor], _ t: Double, _ direction: [Tensor]) -> [Tensor] {
    noGrad { zip(values, direction).map { $0 + $1 * t } }
  }

  private func centralDifference(_ function: (Double) throws -> Double) throws -> Double {
    (try function(step) - function(-step)) / (2 * step)
  }

  private mutating func random(like tensor: Tensor) -> Tensor {
    guard tensor.dtype.isComplex else { return Tensor.randn(tensor.shape, .float64, from: &stream) }
    return Tensor.randn(Shape(Array(tensor.shape) + [2]), .float64, from: &stream).viewAsComplex()
  }

  private func inner(_ a: [Tensor], _ b: [Tensor]) -> Double { products(a, b).reduce(0, +) }

  private func innerOfMagnitudes(_ a: [Tensor], _ b: [Tensor]) -> Double {
    products(a, b).reduce(0) { $0 + abs($1) }
  }

  private func products(_ a: [Tensor], _ b: [Tensor]) -> [Double] {
    zip(a, b).flatMap { zip(reals($0), reals($1)).map { $0 * $1 } }
  }

  /// The elements, complex ones as pairs: gradients are those with respect to both parts.
  private func reals(_ tensor: Tensor) -> [Double] {
    (tensor.dtype.isComplex ? tensor.contiguous().viewAsReal() : tensor).doubles()
  }

  private mutating func compare(
    _ check: GradientCheckReport.Check, _ value: Double, _ reference: Double, _ size: Double,
    tolerance: Double? = nil
  ) throws {
    let comparison = GradientCheckReport.Comparison(
      check: check, value: value, reference: reference,
      allowed: (tolerance ?? self.tolerance) * max(1, size, abs(reference)))
    guard comparison.holds else { throw GradientCheckError(comparison: comparison) }
    comparisons.append(comparison)
  }
}
