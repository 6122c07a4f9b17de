import Foundation
import SounderArray

/// How far a computed array is from a stored one.
enum Comparison {
  /// What differs, in words; nil if nothing does.
  static func difference(_ got: NDArray, _ expected: NDArray) -> String? {
    guard got.dtype == expected.dtype else {
      return "type \(got.dtype), expected \(expected.dtype)"
    }
    guard got.shape == expected.shape else {
      return "shape \(got.shape), expected \(expected.shape)"
    }
    if got.dtype.isComplex {
      return firstDifference(expected.shape, Element.complex(got), Element.complex(expected)) {
        close($0, $1, Tolerance(got.dtype))
      }
    }
    if got.dtype.isFloatingPoint {
      return firstDifference(
        expected.shape, got.toArray(as: Double.self), expected.toArray(as: Double.self)
      ) { close($0, $1, Tolerance(got.dtype)) }
    }
    return firstDifference(
      expected.shape, got.toArray(as: Int.self), expected.toArray(as: Int.self), ==)
  }

  /// What differs from zeros, in words: an absent gradient is a gradient of zeros.
  static func differenceFromZeros(_ array: NDArray) -> String? {
    difference(array, Kernels.zeros(array.shape, array.dtype))
  }

  private static func firstDifference<Value>(
    _ shape: Shape, _ got: [Value], _ expected: [Value], _ equal: (Value, Value) -> Bool
  ) -> String? {
    let differing = expected.indices.filter { !equal(got[$0], expected[$0]) }
    guard let first = differing.first else { return nil }
    let index = coordinates(of: first, in: shape)
    let place = shape.isEmpty ? "" : "\(index): "
    let count =
      expected.count > 1 ? " (\(differing.count) of \(expected.count) elements differ)" : ""
    return "\(place)got \(got[first]), expected \(expected[first])\(count)"
  }

  private static func coordinates(of position: Int, in shape: Shape) -> [Int] {
    var rest = position
    var result = Array(repeating: 0, count: shape.count)
    for axis in shape.indices.reversed() {
      result[axis] = rest % shape[axis]
      rest /= shape[axis]
    }
    return result
  }

  private static func close(_ got: Double, _ expected: Double, _ tolerance: Tolerance) -> Bool {
    if got.isNaN || expected.isNaN { return got.isNaN && expected.isNaN }
    if got.isInfinite || expected.isInfinite { return got == expected }
    return abs(got - expected) <= tolerance.bound(abs(expected))
  }

  private static func close(_ got: Element, _ expected: Element, _ tolerance: Tolerance) -> Bool {
    if got.isNaN || expected.isNaN { return got.isNaN && expected.isNaN }
    if got.isInfinite || expected.isInfinite {
      return close(got.real, expected.real, tolerance)
        && close(got.imaginary, expected.imaginary, tolerance)
    }
    let distance = hypot(got.real - expected.real, got.imaginary - expected.imaginary)
    return distance <= tolerance.bound(hypot(expected.real, expected.imaginary))
  }

  /// A complex element.
  private struct Element: CustomStringConvertible {
    let real: Double
    let imaginary: Double

    var isNaN: Bool { real.isNaN || imaginary.isNaN }
    var isInfinite: Bool { real.isInfinite || imaginary.isInfinite }
    var description: String { "\(real)\(imaginary.sign == .minus ? "" : "+")\(imaginary)i" }

    static func complex(_ array: NDArray) -> [Element] {
      let source = array.cast(to: .complex128).contiguous()
      return withExtendedLifetime(source) {
        let parts = source.pointer.assumingMemoryBound(to: Double.self)
        return (0..<source.count).map {
          Element(real: parts[2 * $0], imaginary: parts[2 * $0 + 1])
        }
      }
    }
  }
}

/// What counts as equal, by element type.
struct Tolerance {
  private let relative: Double
  private let absolute: Double

  /// The tolerance of the format; integers are never compared with one.
  init(_ dtype: DType) {
    let isDouble = dtype == .float64 || dtype == .complex128
    relative = isDouble ? 1e-7 : 1.3e-4
    absolute = isDouble ? 1e-7 : 1e-5
  }

  func bound(_ expected: Double) -> Double { absolute + relative * expected }
}
