import SchemaLanguage

/// Rewrites the body of an operator that is made of others.
struct CompositeScope {
  let schema: Schema

  func rewrite(_ source: Located, _ context: CheckContext) -> String {
    let names = schema.arguments.map { camelCase($0.name) }
    return FormulaCursor.rewrite(source, candidates: names, context) { name, _ in
      names.firstIndex(of: name).map { schema.local($0) }
    }
  }
}
