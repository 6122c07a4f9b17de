/// A property that a configuration key fills.
typealias FieldPath<Root, Value> = any WritableKeyPath<Root, Value> & Sendable

/// One key of the configuration: where it is, what it accepts, and where its value goes.
///
/// Fields are declared once, next to the property they fill, and everything else is derived from
/// the declaration: validation, messages, JSON Schema, defaults and the printed form.
public struct ConfigurationField<Root: Sendable>: Sendable {
  /// The key's path from the root (`["optimizer", "lr"]`).
  public var path: [String]
  /// What the key accepts.
  public let type: ValueType
  /// One sentence for the reader of the schema.
  public let doc: String
  /// Names that users of other programs type for this key.
  public let synonyms: [String]
  let read: @Sendable (Root) -> ConfigurationValue
  let write: @Sendable (inout Root, ConfigurationValue) -> Void

  /// The path as users write it (`optimizer.lr`).
  public var name: String { path.joined(separator: ".") }

  /// The same key seen from an enclosing structure.
  func nested<Outer: Sendable>(
    in section: String, _ keyPath: FieldPath<Outer, Root>
  ) -> ConfigurationField<Outer> {
    ConfigurationField<Outer>(
      path: [section] + path, type: type, doc: doc, synonyms: synonyms,
      read: { [read] in read($0[keyPath: keyPath]) },
      write: { [write] in write(&$0[keyPath: keyPath], $1) })
  }
}

extension ConfigurationField {
  /// A key that holds `true` or `false`.
  static func flag(
    _ key: String, _ keyPath: FieldPath<Root, Bool>, _ doc: String,
    synonyms: [String] = []
  ) -> Self {
    Self(
      path: [key], type: .boolean, doc: doc, synonyms: synonyms,
      read: { .bool($0[keyPath: keyPath]) },
      write: { if case .bool(let value) = $1 { $0[keyPath: keyPath] = value } })
  }

  /// A key that holds a whole number.
  static func integer(
    _ key: String, _ keyPath: FieldPath<Root, Int>, in range: ClosedRange<Int>,
    _ doc: String, synonyms: [String] = []
  ) -> Self {
    Self(
      path: [key], type: .integer(range), doc: doc, synonyms: synonyms,
      read: { .integer($0[keyPath: keyPath]) },
      write: { if case .integer(let value) = $1 { $0[keyPath: keyPath] = value } })
  }

  /// A key that holds a whole number, or a word in its place.
  static func integer(
    _ key: String, _ keyPath: FieldPath<Root, Int?>, in range: ClosedRange<Int>,
    or word: String?, _ doc: String, synonyms: [String] = []
  ) -> Self {
    Self(
      path: [key],
      type: word.map { .either(.choice([$0]), .integer(range)) } ?? .optional(.integer(range)),
      doc: doc, synonyms: synonyms,
      read: {
        $0[keyPath: keyPath].map(ConfigurationValue.integer)
          ?? word.map(ConfigurationValue.string) ?? .null
      },
      write: {
        if case .integer(let value) = $1 {
          $0[keyPath: keyPath] = value
        } else {
          $0[keyPath: keyPath] = nil
        }
      })
  }

  /// A key that holds a number.
  static func number(
    _ key: String, _ keyPath: FieldPath<Root, Double>, _ range: NumberRange,
    _ doc: String, synonyms: [String] = []
  ) -> Self {
    Self(
      path: [key], type: .number(range), doc: doc, synonyms: synonyms,
      read: { .number($0[keyPath: keyPath]) },
      write: { if case .number(let value) = $1 { $0[keyPath: keyPath] = value } })
  }

  /// A key that holds a number or null.
  static func number(
    _ key: String, _ keyPath: FieldPath<Root, Double?>, _ range: NumberRange,
    _ doc: String, synonyms: [String] = []
  ) -> Self {
    Self(
      path: [key], type: .optional(.number(range)), doc: doc, synonyms: synonyms,
      read: { $0[keyPath: keyPath].map(ConfigurationValue.number) ?? .null },
      write: {
        if case .number(let value) = $1 {
          $0[keyPath: keyPath] = value
        } else {
          $0[keyPath: keyPath] = nil
        }
      })
  }

  /// A key that holds a text or null.
  static func string(
    _ key: String, _ keyPath: FieldPath<Root, String?>, _ doc: String,
    synonyms: [String] = []
  ) -> Self {
    Self(
      path: [key], type: .optional(.string), doc: doc, synonyms: synonyms,
      read: { $0[keyPath: keyPath].map(ConfigurationValue.string) ?? .null },
      write: {
        if case .string(let value) = $1 {
          $0[keyPath: keyPath] = value
        } else {
          $0[keyPath: keyPath] = nil
        }
      })
  }

  /// A key that holds one of the words of an enumeration.
  static func choice<Word: RawRepresentable<String> & CaseIterable & Sendable>(
    _ key: String, _ keyPath: FieldPath<Root, Word>, _ doc: String,
    synonyms: [String] = []
  ) -> Self {
    Self(
      path: [key], type: .choice(Word.allCases.map(\.rawValue)), doc: doc, synonyms: synonyms,
      read: { .string($0[keyPath: keyPath].rawValue) },
      write: {
        if case .string(let text) = $1, let word = Word(rawValue: text) {
          $0[keyPath: keyPath] = word
        }
      })
  }

  /// A key that holds the layers of a model.
  static func layers(
    _ key: String, _ keyPath: FieldPath<Root, [LayerSpecification]?>, _ doc: String
  ) -> Self {
    Self(
      path: [key], type: .optional(.layers), doc: doc, synonyms: [],
      read: { $0[keyPath: keyPath].map(ConfigurationValue.layers) ?? .null },
      write: {
        if case .layers(let value) = $1 {
          $0[keyPath: keyPath] = value
        } else {
          $0[keyPath: keyPath] = nil
        }
      })
  }

  /// A key that holds a list of whole numbers.
  static func integers(
    _ key: String, _ keyPath: FieldPath<Root, [Int]>, in range: ClosedRange<Int>,
    count: ClosedRange<Int>, _ doc: String, synonyms: [String] = []
  ) -> Self {
    Self(
      path: [key], type: .integers(range, count: count), doc: doc, synonyms: synonyms,
      read: { .integers($0[keyPath: keyPath]) },
      write: { if case .integers(let values) = $1 { $0[keyPath: keyPath] = values } })
  }
}
