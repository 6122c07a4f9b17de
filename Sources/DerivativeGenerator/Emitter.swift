/// Writes the Swift files for a list of checked operators.
struct Emitter {
  let entries: [Entry]
  /// The declaration file as messages of the compiler shall spell it.
  let file: String

  /// The generated files: name and text.
  func files() -> [(name: String, text: String)] {
    [
      ("Operators.swift", functions()), ("OperatorNodes.swift", nodes()),
      ("OperatorRegistry+Entries.swift", registry()),
    ]
  }

  func header(_ what: String) -> String {
    """
    // \(what), generated from derivatives.yaml by DerivativeGenerator. Do not edit.

    import SounderArray
    import SounderTrace

    """
  }

  /// For formulas that were checked before.
  var silent: CheckContext {
    CheckContext(diagnostics: Diagnostics(file: file), source: SourceText(""))
  }
}
