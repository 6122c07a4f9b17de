import Foundation

/// A curve over steps as SVG, with a scale on both axes.
struct LineChart {
  /// What the curve shows, with its unit.
  let title: String
  /// Step and value, by ascending step; values that are no numbers are left out.
  let points: [(step: Double, value: Double)]
  /// Further values at some steps, drawn as dots with this name.
  var marks: (name: String, points: [(step: Double, value: Double)])?
  /// Whether the scale begins at zero.
  var beginsAtZero = false

  private static let (width, height) = (440.0, 200.0)
  private static let (left, right, top, bottom) = (58.0, 12.0, 12.0, 28.0)
  /// More points than pixels cannot be seen.
  private static let mostPoints = 600

  /// The drawing; a sentence in its place when there is nothing to draw.
  var svg: String {
    let curve = Self.thinned(points.filter { $0.step.isFinite && $0.value.isFinite })
    let dots = (marks?.points ?? []).filter { $0.step.isFinite && $0.value.isFinite }
    let all = curve + dots
    guard let first = all.first else {
      return
        "<p class=\"empty\">No step was logged; <code>train.log_every</code> sets how often.</p>"
    }
    var xs = Scale(all.map(\.step), minimumSpan: 1)
    // Values get round limits, steps their own.
    xs.low = all.map(\.step).min() ?? xs.low
    xs.high = max(all.map(\.step).max() ?? xs.high, xs.low + 1)
    let ys = Scale(all.map(\.value) + (beginsAtZero ? [0] : []), minimumSpan: 1e-9)
    var parts = [
      "<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=\"img\" aria-label=\""
        + MarkupText.escape(label(first, curve.last ?? first)) + "\">"
    ]
    for tick in ys.ticks {
      let y = place(tick, ys, from: Self.height - Self.bottom, to: Self.top)
      parts.append(
        "<line class=\"grid\" x1=\"\(Self.left)\" x2=\"\(Self.width - Self.right)\" "
          + "y1=\"\(MarkupText.point(y))\" y2=\"\(MarkupText.point(y))\"/>"
          + "<text class=\"tick\" text-anchor=\"end\" x=\"\(Self.left - 6)\" "
          + "y=\"\(MarkupText.point(y + 4))\">\(MarkupText.number(tick))</text>")
    }
    for tick in xs.ticks where tick == tick.rounded() && tick >= xs.low && tick <= xs.high {
      parts.append(
        "<text class=\"tick\" text-anchor=\"middle\" x=\"\(MarkupText.point(x(tick, xs)))\" "
          + "y=\"\(Self.height - 8)\">\(MarkupText.number(tick))</text>")
    }
    let line = curve.map {
      "\(MarkupText.point(x($0.step, xs))),\(MarkupText.point(y($0.value, ys)))"
    }
    parts.append("<polyline class=\"curve\" points=\"\(line.joined(separator: " "))\"/>")
    if curve.count == 1 { parts.append(dot(first, xs, ys, "point", title)) }
    for mark in dots { parts.append(dot(mark, xs, ys, "mark", marks?.name ?? "")) }
    return parts.joined(separator: "\n") + "\n</svg>"
  }

  private func label(
    _ first: (step: Double, value: Double), _ last: (step: Double, value: Double)
  ) -> String {
    "\(title): \(MarkupText.number(first.value)) at step \(MarkupText.number(first.step)), "
      + "\(MarkupText.number(last.value)) at step \(MarkupText.number(last.step))"
  }

  private func dot(
    _ point: (step: Double, value: Double), _ xs: Scale, _ ys: Scale, _ style: String,
    _ name: String
  ) -> String {
    "<circle class=\"\(style)\" r=\"3.5\" cx=\"\(MarkupText.point(x(point.step, xs)))\" "
      + "cy=\"\(MarkupText.point(y(point.value, ys)))\"><title>\(MarkupText.escape(name)) "
      + "\(MarkupText.number(point.value)) at step \(MarkupText.number(point.step))</title></circle>"
  }

  private func x(_ value: Double, _ scale: Scale) -> Double {
    place(value, scale, from: Self.left, to: Self.width - Self.right)
  }

  private func y(_ value: Double, _ scale: Scale) -> Double {
    place(value, scale, from: Self.height - Self.bottom, to: Self.top)
  }

  private func place(
    _ value: Double, _ scale: Scale, from begin: Double, to end: Double
  ) -> Double {
    begin + (value - scale.low) / (scale.high - scale.low) * (end - begin)
  }

  /// Means of neighbours, so that no more points are left than can be seen.
  private static func thinned(
    _ points: [(step: Double, value: Double)]
  ) -> [(step: Double, value: Double)] {
    let group = (points.count + mostPoints - 1) / mostPoints
    guard group > 1 else { return points }
    return stride(from: 0, to: points.count, by: group).map { begin in
      let part = points[begin..<min(begin + group, points.count)]
      return (
        part[part.endIndex - 1].step, part.reduce(0) { $0 + $1.value } / Double(part.count)
      )
    }
  }

  /// An axis from `low` to `high` with round ticks.
  struct Scale {
    var low: Double
    var high: Double
    let ticks: [Double]

    init(_ values: [Double], minimumSpan: Double) {
      let (smallest, largest) = (values.min() ?? 0, values.max() ?? 1)
      let span = max(largest - smallest, minimumSpan, largest == smallest ? abs(largest) * 0.2 : 0)
      let raw = span / 5
      let power = pow(10, log10(raw).rounded(.down))
      let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= raw } ?? raw
      let (first, last) = ((smallest / step).rounded(.down), (largest / step).rounded(.up))
      low = first * step
      high = max(last * step, low + step)
      ticks = stride(from: first, through: max(last, first + 1), by: 1).map { $0 * step }
    }
  }
}
