import SounderAutograd

/// The kinds of layers that configurations can name: those of the library and those that programs add.
public enum LayerRegistry {
  private static let added = Guarded<[String: LayerKind]>([:])

  /// Adds a kind of layer, or replaces one of the same name.
  public static func register(_ kind: LayerKind) {
    added.withLock { $0[kind.name] = kind }
  }

  /// All kinds by name, without operators.
  public static var kinds: [LayerKind] {
    let added = added.withLock { $0 }
    let standard = LayerKind.standard.filter { added[$0.name] == nil }
    return (standard + added.values).sorted { $0.name < $1.name }
  }

  /// The kind of the given name, which may be an operator's; nil if there is none.
  public static func kind(_ name: String) -> LayerKind? {
    if let kind = added.withLock({ $0[name] }) { return kind }
    return standard[name] ?? OperatorLayer.kind(name)
  }

  private static let standard = Dictionary(
    LayerKind.standard.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

  /// The name that was probably meant.
  static func suggestion(for name: String) -> String? {
    Spelling.nearest(to: name, among: kinds.map(\.name) + OperatorLayer.names)
  }
}
