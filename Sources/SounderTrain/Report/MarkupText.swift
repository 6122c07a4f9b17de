import Foundation

/// Text as HTML and SVG want it.
enum MarkupText {
  /// The text with the characters that mean something to HTML and SVG replaced.
  static func escape(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case _ where character.value < 0x20 && character != "\n" && character != "\t": result += " "
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }

  /// A number for people: about four digits, without a tail of zeros.
  static func number(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    if value == value.rounded(), abs(value) < 1e6 { return String(Int(value)) }
    return String(format: "%.4g", value)
  }

  /// A coordinate.
  static func point(_ value: Double) -> String { String(format: "%.2f", value) }
}
