import CKernels
import SounderArray

/// Forward-mode differentiation: tangents that operators carry along with their results.
///
/// ```swift
/// let derivative = try ForwardMode.level { level in
///   let x = try level.dual(Tensor([2.0]), tangent: Tensor([1.0]))
///   return level.tangent(of: x * x)  // [4.0]
/// }
/// ```
public enum ForwardMode {
  /// An open level; tangents belong to it and vanish when it closes.
  public struct Level {
    let number: UInt32

    /// A tensor with the same elements as `primal` and the given tangent.
    /// - Throws: ``AutogradError`` `.tangentShape` if shape or type differ, `.noForwardLevel` if the
    ///   level is closed or belongs to another thread.
    public func dual(_ primal: Tensor, tangent: Tensor) throws -> Tensor {
      guard ck_thread().pointee.forward_level == number else {
        throw AutogradError(
          .noForwardLevel, "dual: the forward-mode level is closed, or open on another thread")
      }
      guard tangent.shape == primal.shape && tangent.dtype == primal.dtype else {
        throw AutogradError(
          .tangentShape,
          "dual: a tangent of \(tangent.dtype)\(tangent.shape) for a primal of "
            + "\(primal.dtype)\(primal.shape)")
      }
      let result = primal.viewAs(primal.shape)
      result.setTangent(tangent)
      return result
    }

    /// The tangent of a result; nil if it does not depend on any dual tensor.
    public func tangent(of tensor: Tensor) -> Tensor? { tensor.tangent }
  }

  nonisolated(unsafe) private static var counter: UInt32 = 0

  /// Opens a level for the duration of `body`.
  /// - Throws: ``AutogradError`` `.nestedForwardLevel` if one is open on this thread; what `body` throws.
  public static func level<Result>(_ body: (Level) throws -> Result) throws -> Result {
    let thread = ck_thread()
    guard thread.pointee.forward_level == 0 else {
      throw AutogradError(
        .nestedForwardLevel, "forward mode: a level is already open on this thread")
    }
    thread.pointee.forward_level = ck_increment_and_get_u32(&counter)
    thread.pointee.modes |= Modes.forwardOn
    defer {
      thread.pointee.modes &= ~Modes.forwardOn
      thread.pointee.forward_level = 0
    }
    return try body(Level(number: thread.pointee.forward_level))
  }
}

/// The value of a function and its directional derivative.
/// - Parameters:
///   - function: The function.
///   - primals: The point, one tensor for each argument.
///   - tangents: The direction, of the same shapes.
/// - Throws: ``AutogradError``; what `function` throws.
public func jvp(
  _ function: ([Tensor]) throws -> Tensor, primals: [Tensor], tangents: [Tensor]
) throws -> (value: Tensor, tangent: Tensor) {
  guard primals.count == tangents.count else {
    throw AutogradError(.gradCount, "jvp: \(tangents.count) tangents for \(primals.count) primals")
  }
  return try ForwardMode.level { level in
    let value = try function(zip(primals, tangents).map { try level.dual($0, tangent: $1) })
    return (value, level.tangent(of: value) ?? Tensor(Kernels.zerosLike(value.array)))
  }
}

extension Tensor {
  /// The tangent in the open forward-mode level.
  var tangent: Tensor? {
    guard let extras, extras.tangentLevel == ck_thread().pointee.forward_level else { return nil }
    return extras.tangent
  }

  /// Sets the tangent, made to fit shape and type.
  func setTangent(_ tangent: Tensor?) {
    guard let tangent else { return }
    let extras = ensureExtras()
    extras.tangentLevel = ck_thread().pointee.forward_level
    let fitted = tangent.dtype == dtype ? tangent : tangent.toDtype(dtype)
    extras.tangent = fitted.shape == shape ? fitted : fitted.expand(Array(shape))
  }

  /// The same elements and history as a new tensor object.
  func viewAs(_ shape: Shape) -> Tensor { view(Array(shape)) }
}
