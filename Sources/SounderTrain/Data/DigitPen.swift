import Foundation

/// Draws one digit with a hand that is never twice the same.
///
/// A drawing is a glyph bent by a slow wave, turned, stretched, slanted and moved, drawn with a pen of
/// random width, and covered with noise. Everything random comes from the stream it is given.
struct DigitPen {
  /// The width and height of a drawing in pixels.
  static let side = 28

  private typealias Point = DigitGlyph.Point

  /// Draws a digit into 28 × 28 bytes, 0 for paper and 255 for ink.
  static func draw(
    _ digit: Int, into pixels: UnsafeMutableBufferPointer<UInt8>, random: inout CounterRandom
  ) {
    let hand = Hand(&random)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: side * side) { distances in
      // Squared distances to the nearest stroke; only pixels that ink can reach are visited.
      distances.initialize(repeating: .greatestFiniteMagnitude)
      for stroke in DigitGlyph.all[digit].strokes {
        var last = hand.place(stroke[0])
        for point in stroke.dropFirst() {
          let next = hand.place(point)
          mark(last, next, reach: hand.radius + 1, distances)
          last = next
        }
      }
      for index in 0..<side * side {
        let edge = hand.radius + 0.5 - distances[index].squareRoot()
        let ink = min(max(edge, 0), 1) * hand.darkness
        let noise = random.uniform(-1..<1) + random.uniform(-1..<1)
        pixels[index] = UInt8(min(max((ink + noise * hand.noise) * 255, 0), 255))
      }
    }
  }

  private static func mark(
    _ a: Point, _ b: Point, reach: Float, _ distances: UnsafeMutableBufferPointer<Float>
  ) {
    let limit = Float(side - 1)
    let low = (pointwiseMin(a, b) - reach).rounded(.down).clamped(to: 0, limit)
    let high = (pointwiseMax(a, b) + reach).rounded(.up).clamped(to: 0, limit)
    let direction = b - a
    let inverse = 1 / max((direction * direction).sum(), 1e-6)
    for y in Int(low.y)...Int(high.y) {
      for x in Int(low.x)...Int(high.x) {
        let offset = Point(Float(x), Float(y)) - a
        let along = min(max((offset * direction).sum() * inverse, 0), 1)
        let across = offset - direction * along
        let index = y * side + x
        distances[index] = min(distances[index], (across * across).sum())
      }
    }
  }

  /// The habits of the hand that draws one digit.
  private struct Hand {
    let radius: Float
    let darkness: Float
    let noise: Float
    private let columnX: Point
    private let columnY: Point
    private let center: Point
    private let waveHeight: Point
    private let waveLength: Point
    private let wavePhase: Point

    init(_ random: inout CounterRandom) {
      let angle = random.uniform(-0.35..<0.35)
      let slant = random.uniform(-0.35..<0.35)
      let width = random.uniform(5.5..<10)
      let height = random.uniform(6.5..<10.5)
      columnX = Point(cos(angle), sin(angle)) * width
      columnY = Point(slant * cos(angle) - sin(angle), slant * sin(angle) + cos(angle)) * height
      center = Point(random.uniform(11..<16), random.uniform(11..<16))
      waveHeight = Point(random.uniform(-0.16..<0.16), random.uniform(-0.16..<0.16))
      waveLength = Point(random.uniform(1.5..<3.5), random.uniform(1.5..<3.5))
      wavePhase = Point(random.uniform(0..<6.28), random.uniform(0..<6.28))
      radius = random.uniform(0.5..<1.5)
      darkness = random.uniform(0.6..<1)
      noise = random.uniform(0.02..<0.14)
    }

    /// Where a point of the glyph falls on the page, in pixels.
    func place(_ point: Point) -> Point {
      let wave = Point(
        sin(waveLength.x * point.y + wavePhase.x), sin(waveLength.y * point.x + wavePhase.y))
      let bent = point + waveHeight * wave
      return center + columnX * bent.x + columnY * bent.y
    }
  }
}

extension SIMD2<Float> {
  fileprivate func clamped(to low: Float, _ high: Float) -> Self {
    clamped(lowerBound: Self(repeating: low), upperBound: Self(repeating: high))
  }
}
