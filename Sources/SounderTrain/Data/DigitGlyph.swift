import Foundation

/// The strokes of a digit, as polylines in a box from -1 to 1 with y growing downwards.
struct DigitGlyph {
  /// A point of a stroke.
  typealias Point = SIMD2<Float>

  /// The pen's paths, each at least two points long.
  let strokes: [[Point]]

  /// The ten digits.
  static let all: [DigitGlyph] = [
    DigitGlyph(strokes: [arc(0, 0, 0.62, 0.9, 0, 360)]),
    DigitGlyph(strokes: [[Point(-0.3, -0.55), Point(0.05, -0.9), Point(0.05, 0.9)]]),
    DigitGlyph(strokes: [
      arc(0, -0.4, 0.58, 0.5, 190, 405) + [Point(-0.62, 0.9), Point(0.65, 0.9)]
    ]),
    DigitGlyph(strokes: [
      arc(-0.05, -0.45, 0.52, 0.45, 205, 450), arc(-0.05, 0.45, 0.6, 0.46, 270, 515),
    ]),
    DigitGlyph(strokes: [
      [Point(0.28, 0.9), Point(0.28, -0.9), Point(-0.65, 0.35), Point(0.68, 0.35)]
    ]),
    DigitGlyph(strokes: [
      [Point(0.52, -0.9), Point(-0.42, -0.9), Point(-0.48, -0.08)]
        + arc(-0.02, 0.33, 0.58, 0.55, 225, 510)
    ]),
    DigitGlyph(strokes: [
      arc(0.42, 0.35, 0.98, 1.25, 270, 180), arc(0, 0.38, 0.56, 0.52, 0, 360),
    ]),
    DigitGlyph(strokes: [[Point(-0.62, -0.88), Point(0.62, -0.88), Point(-0.2, 0.9)]]),
    DigitGlyph(strokes: [
      arc(0, -0.46, 0.47, 0.43, 0, 360), arc(0, 0.44, 0.58, 0.47, 0, 360),
    ]),
    DigitGlyph(strokes: [
      arc(0, -0.4, 0.55, 0.5, 0, 360), [Point(0.55, -0.4), Point(0.5, 0.2), Point(0.25, 0.9)],
    ]),
  ]

  /// Part of an ellipse, clockwise on the page when `to` exceeds `from`; degrees, 0 to the right.
  private static func arc(
    _ x: Float, _ y: Float, _ width: Float, _ height: Float, _ from: Float, _ to: Float
  ) -> [Point] {
    let count = max(2, Int(abs(to - from) / 30))
    return (0...count).map { step in
      let angle = (from + (to - from) * Float(step) / Float(count)) * .pi / 180
      return Point(x + width * cos(angle), y + height * sin(angle))
    }
  }
}
