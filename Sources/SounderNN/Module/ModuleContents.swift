import SounderAutograd

/// The parameters and buffers of a module and of all modules in it, in the order of declaration.
final class ModuleContents {
  var parameters: [NamedTensor] = []
  var buffers: [NamedTensor] = []
}

/// A parameter or buffer with its place in a module.
public struct NamedTensor: Sendable {
  /// The properties and indices that lead to the tensor, joined by dots (`layers.0.weight`).
  public let name: String
  /// The tensor.
  public let tensor: Tensor
}

/// A tensor in a property of a module.
struct ModulePart {
  /// The property, with the index for an array.
  let name: String
  let tensor: Tensor
  let isBuffer: Bool
}

extension Module {
  /// The parameters and buffers, looked up at first use.
  final var contents: ModuleContents {
    if let cachedContents { return cachedContents }
    let found = ModuleContents()
    var randomLayers: UInt64 = 0
    walk { module, prefix, parts in
      for part in parts {
        let named = NamedTensor(name: prefix + part.name, tensor: part.tensor)
        if part.isBuffer { found.buffers.append(named) } else { found.parameters.append(named) }
      }
      // A part that is used on its own later keeps the number it has in the whole.
      if isPart { return }
      if module !== self { module.isPart = true }
      if let dropout = module as? Dropout {
        dropout.layer = randomLayers
        randomLayers += 1
      }
    }
    cachedContents = found
    return found
  }

  /// Visits this module and all modules in it, each once, the outer before the inner.
  ///
  /// `visit` receives the module, the prefix of its names (`layers.0.`) and the tensors it holds
  /// itself, without those that occurred before.
  final func walk(_ visit: (Module, String, [ModulePart]) -> Void) {
    var seen: Set<ObjectIdentifier> = []
    walk(prefix: "", parameters: [], seen: &seen, visit)
  }

  /// `parameters` are those that outer modules know: a frozen parameter looks like a buffer.
  private func walk(
    prefix: String, parameters: Set<ObjectIdentifier>, seen: inout Set<ObjectIdentifier>,
    _ visit: (Module, String, [ModulePart]) -> Void
  ) {
    guard seen.insert(ObjectIdentifier(self)).inserted else { return }
    var parts: [ModulePart] = []
    var modules: [(name: String, module: Module)] = []
    let known = parameters.union(
      cachedContents?.parameters.map { ObjectIdentifier($0.tensor) } ?? [])
    func add(_ value: Any, _ name: String) {
      switch value {
      case let tensor as Tensor:
        guard seen.insert(ObjectIdentifier(tensor)).inserted else { return }
        let isParameter = tensor.requiresGrad || known.contains(ObjectIdentifier(tensor))
        parts.append(ModulePart(name: name, tensor: tensor, isBuffer: !isParameter))
      case let module as Module:
        modules.append((name, module))
      case let list as [Tensor]:
        for (index, tensor) in list.enumerated() { add(tensor, "\(name).\(index)") }
      case let list as [Module]:
        for (index, module) in list.enumerated() { add(module, "\(name).\(index)") }
      default:
        break
      }
    }
    for property in storedProperties { add(property.value, stateName(of: property.name)) }
    visit(self, prefix, parts)
    for (name, module) in modules {
      module.walk(prefix: prefix + name + ".", parameters: known, seen: &seen, visit)
    }
  }

  /// The properties that subclasses declare, those of the outermost class first.
  private var storedProperties: [(name: String, value: Any)] {
    var levels: [Mirror] = []
    var mirror: Mirror? = Mirror(reflecting: self)
    while let level = mirror, level.subjectType != Module.self {
      levels.append(level)
      mirror = level.superclassMirror
    }
    return levels.reversed().flatMap { level in
      level.children.compactMap { child in child.label.map { ($0, child.value) } }
    }
  }
}
