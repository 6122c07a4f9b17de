/// All keys of a configuration, in the order in which they are printed.
public struct ConfigurationSchema<Root: Sendable>: Sendable {
  /// A group of keys under one name.
  public struct Section: Sendable {
    /// The section's key.
    public let key: String
    /// One sentence for the reader of the schema.
    public let doc: String
    let fields: [ConfigurationField<Root>]

    init<Inner: Sendable>(
      _ key: String, _ keyPath: FieldPath<Root, Inner>,
      _ fields: [ConfigurationField<Inner>], _ doc: String
    ) {
      self.key = key
      self.doc = doc
      self.fields = fields.map { $0.nested(in: key, keyPath) }
    }
  }

  let defaults: Root
  /// The keys at the root.
  public let topFields: [ConfigurationField<Root>]
  /// The groups of keys.
  public let sections: [Section]

  init(defaults: Root, fields: [ConfigurationField<Root>], sections: [Section]) {
    self.defaults = defaults
    topFields = fields
    self.sections = sections
  }

  /// Every key, those of the root first.
  public var fields: [ConfigurationField<Root>] { topFields + sections.flatMap(\.fields) }

  /// The fields directly under a path: the root's, or a section's.
  func fields(under section: String?) -> [ConfigurationField<Root>] {
    guard let section else { return topFields }
    return sections.first { $0.key == section }?.fields ?? []
  }

  /// The key that the writer of an unknown one probably meant, seen from `section`.
  ///
  /// Looks for a synonym and a similar spelling where the key stands, then for the same key elsewhere.
  func suggestion(for key: String, in section: String?) -> String? {
    let here = fields(under: section)
    if let match = here.first(where: { $0.synonyms.contains(key) }) { return match.path.last }
    let names = here.compactMap(\.path.last) + (section == nil ? sections.map(\.key) : [])
    if let near = Spelling.nearest(to: key, among: names) { return near }
    if section != nil, topFields.contains(where: { $0.path == [key] }) { return key }
    let elsewhere = fields.first { $0.path.last == key || $0.synonyms.contains(key) }
    return elsewhere?.name
  }
}
