@testable import DerivativeGenerator

/// A declaration file in a test: its operators and what is wrong with it.
struct Declarations {
  let entries: [Entry]
  let errors: [String]

  init(_ yaml: String) {
    let diagnostics = Diagnostics(file: "derivatives.yaml")
    entries = DeclarationFile.entries(of: yaml, diagnostics)
    errors = diagnostics.sorted.map(\.description)
  }

  var emitter: Emitter { Emitter(entries: entries, file: "derivatives.yaml") }

  /// The generated function of the first operator.
  var function: String { written { emitter.function(entries[0], &$0) } }

  /// The generated in-place function of the first operator.
  var inPlaceFunction: String { written { emitter.inPlaceFunction(entries[0], &$0) } }

  /// The generated node of the first operator.
  var node: String { written { emitter.node(entries[0], &$0) } }

  /// The generated registry row of the first operator.
  var row: String { written { emitter.row(entries[0], .functional, &$0) } }

  /// What a function of the emitter writes.
  func written(_ write: (Emitter, inout CodeWriter) -> Void) -> String {
    let emitter = emitter
    return written { write(emitter, &$0) }
  }

  private func written(_ write: (inout CodeWriter) -> Void) -> String {
    var code = CodeWriter()
    write(&code)
    return code.text.split(separator: "\n", omittingEmptySubsequences: false)
      .filter { !$0.hasPrefix("#sourceLocation") }.dropLast().joined(separator: "\n")
  }
}
