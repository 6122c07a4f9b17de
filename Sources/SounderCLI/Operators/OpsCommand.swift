import ArgumentParser
import Foundation
import Sounder

/// `sounder ops`: what the program knows of its operators.
struct OpsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ops",
    abstract: "Lists the operators, or explains one.",
    discussion: """
      The list has each operator's derivatives (reverse and forward: formulas of its own; composite: its \
      parts have them), what its graph node keeps for the backward pass, and its schema. Gradients of \
      gradients exist wherever gradients do: formulas are made of differentiable operators.
      """)

  @Argument(help: "An operator, with or without its overload: add, add.Tensor, nn.functional.relu.")
  var name: String?

  @Flag(help: "Lists the variants in place (add_) and into a given tensor (add.out) as well.")
  var all = false

  @Flag(help: "Writes one JSON object.")
  var json = false

  func run() throws {
    let stdout = Terminal(descriptor: STDOUT_FILENO)
    guard let name else {
      let list = OperatorList(entries: Self.entries(all: all))
      return stdout.write(json ? list.json.compact + "\n" : list.text)
    }
    let entries = try Self.overloads(of: name)
    let explanations = entries.map { OperatorExplanation(entry: $0) }
    if json {
      let object: JSONValue = ["operators": .array(explanations.map(\.json))]
      return stdout.write(object.compact + "\n")
    }
    stdout.write(explanations.map(\.text).joined(separator: "\n"))
  }

  private static func entries(all: Bool) -> [OperatorEntry] {
    (OperatorRegistry.entries + OperatorRegistry.customOperators.map(\.entry))
      .filter { all || !($0.isInPlace || $0.isOut) }
  }

  /// The operators of a base name, or the one of a full name.
  private static func overloads(of name: String) throws -> [OperatorEntry] {
    if let entry = try? OperatorRegistry.entry(name), entry.fullName == name { return [entry] }
    return try OperatorRegistry.overloads(of: name)
  }
}
