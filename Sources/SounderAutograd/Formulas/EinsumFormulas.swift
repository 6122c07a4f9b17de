import SounderArray

/// Einstein's sum: an equation names the dimensions of the operands and those of the result; every
/// other one is summed.
///
/// Two operands at a time become one product of batches of matrices; the pair whose product costs
/// least comes first.
func einsumComposite(_ equation: String, _ operands: [Tensor]) -> Tensor {
  let names = EinsumNames(equation, operands)
  var terms = zip(operands, names.operands).map { EinsumTerm($0, $1) }
  names.check(terms)
  while terms.count > 1 {
    let (first, second) = cheapestPair(terms)
    let right = terms.remove(at: second)
    let left = terms.remove(at: first)
    let kept = Set(names.result).union(terms.flatMap(\.names))
    terms.insert(left.multiplied(by: right, keeping: kept), at: first)
  }
  let last = terms[0].summed(keeping: Set(names.result))
  return last.arranged(names.result).tensor
}

/// The pair of terms with the fewest multiplications; the first at a tie.
private func cheapestPair(_ terms: [EinsumTerm]) -> (Int, Int) {
  var best = (0, 1)
  var least = Double.infinity
  if terms.count == 2 { return best }
  for first in terms.indices {
    for second in terms.indices where second > first {
      let cost = terms[first].cost(with: terms[second])
      if cost < least { (best, least) = ((first, second), cost) }
    }
  }
  return best
}

/// The names of all dimensions: letters, and numbers for those an ellipsis stands for.
private struct EinsumNames {
  enum Name: Hashable, Comparable {
    /// A dimension of the ellipsis, counted from its end.
    case broadcast(Int)
    case letter(Unicode.Scalar)

    static func < (a: Name, b: Name) -> Bool {
      switch (a, b) {
      case (.broadcast(let x), .broadcast(let y)): x > y
      case (.broadcast, .letter): true
      case (.letter, .broadcast): false
      case (.letter(let x), .letter(let y)): x < y
      }
    }
  }

  let operands: [[Name]]
  let result: [Name]
  private let equation: String

  init(_ equation: String, _ tensors: [Tensor]) {
    self.equation = equation
    let text = equation.filter { $0 != " " }
    let sides = Self.split(text, "->")
    require(sides.count <= 2, "einsum: more than one '->' in '\(equation)'")
    let parts = sides[0].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    require(
      parts.count == tensors.count,
      "einsum: '\(equation)' names \(parts.count) operands, \(tensors.count) were given")
    var widest = 0
    operands = zip(parts, tensors).map { part, tensor in
      let names = Self.names(part, rank: tensor.rank, equation)
      widest = max(widest, names.count { if case .broadcast = $0 { true } else { false } })
      return names
    }
    if sides.count == 2 {
      result = Self.names(sides[1], ellipsis: widest, equation)
      require(
        Set(result).count == result.count && Set(result).isSubset(of: operands.flatMap { $0 }),
        "einsum: the result of '\(equation)' repeats a name or has one that no operand has")
    } else {
      var counts: [Name: Int] = [:]
      for name in operands.joined() { counts[name, default: 0] += 1 }
      result = counts.keys.filter { name in
        if case .broadcast = name { true } else { counts[name] == 1 }
      }.sorted()
    }
  }

  /// The names of one operand; the ellipsis takes what the letters leave.
  private static func names(_ part: String, rank: Int, _ equation: String) -> [Name] {
    let letters = part.unicodeScalars.count { $0 != "." }
    let hasEllipsis = part.contains("...")
    require(
      hasEllipsis ? letters <= rank : letters == rank,
      "einsum: '\(part)' in '\(equation)' does not fit an operand with \(rank) dimensions")
    return names(part, ellipsis: rank - letters, equation)
  }

  private static func names(_ part: String, ellipsis: Int, _ equation: String) -> [Name] {
    let pieces = split(part, "...")
    require(pieces.count <= 2, "einsum: two ellipses in '\(part)' of '\(equation)'")
    var names: [Name] = []
    for (index, piece) in pieces.enumerated() {
      if index == 1 { names += (0..<ellipsis).reversed().map(Name.broadcast) }
      for letter in piece.unicodeScalars {
        require(
          ("a"..."z").contains(letter) || ("A"..."Z").contains(letter),
          "einsum: '\(letter)' in '\(equation)' is not a letter")
        names.append(.letter(letter))
      }
    }
    return names
  }

  private static func split(_ text: String, _ separator: String) -> [String] {
    var pieces: [String] = []
    var rest = Substring(text)
    while let range = rest.firstRange(of: separator) {
      pieces.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return pieces + [String(rest)]
  }

  /// Ends the program if two extents of one name differ and neither is 1.
  func check(_ terms: [EinsumTerm]) {
    var extents: [Name: Int] = [:]
    for term in terms {
      for (name, extent) in zip(term.names, term.tensor.shape) {
        let known = extents[name, default: 1]
        require(
          known == 1 || extent == 1 || known == extent,
          "einsum: extents \(known) and \(extent) of one name in '\(equation)'")
        if extent != 1 { extents[name] = extent }
      }
    }
  }
}

/// An operand whose dimensions have different names.
private struct EinsumTerm {
  typealias Name = EinsumNames.Name
  var tensor: Tensor
  var names: [Name]

  /// A term in which names that occur twice are made one, by taking the diagonal.
  init(_ tensor: Tensor, _ names: [Name]) {
    self.tensor = tensor
    self.names = names
    while let second = self.names.indices.first(where: {
      self.names[..<$0].contains(self.names[$0])
    }), let first = self.names.firstIndex(of: self.names[second]) {
      let shape = self.tensor.shape
      require(
        shape[first] == shape[second], "einsum: a name stands for two extents of \(shape)")
      self.tensor = diagonal(self.tensor, first, second)
      let name = self.names.remove(at: second)
      self.names.remove(at: first)
      self.names.append(name)
    }
  }

  /// The diagonal of two dimensions, as a new last one: every (n + 1)st element of both in a row.
  private func diagonal(_ x: Tensor, _ first: Int, _ second: Int) -> Tensor {
    let others = (0..<x.rank).filter { $0 != first && $0 != second }
    let n = x.shape[first]
    let flat = x.permute(others + [first, second]).reshape(others.map { x.shape[$0] } + [n * n])
    return flat.slice(dim: -1, step: n + 1)
  }

  private func extent(_ name: Name) -> Int {
    names.firstIndex(of: name).map { tensor.shape[$0] } ?? 1
  }

  /// How many multiplications a product takes.
  func cost(with other: EinsumTerm) -> Double {
    Set(names).union(other.names).reduce(1.0) {
      $0 * Double(max(extent($1), other.extent($1)))
    }
  }

  /// The sum over all names but the given ones.
  func summed(keeping kept: Set<Name>) -> EinsumTerm {
    let dims = names.indices.filter { !kept.contains(names[$0]) }
    if dims.isEmpty { return self }
    return EinsumTerm(
      tensor.sum(dims, keepdim: false, dtype: tensor.dtype), names.filter(kept.contains))
  }

  /// The dimensions in another order, with new ones of extent 1 where a name is missing.
  func arranged(_ order: [Name]) -> EinsumTerm {
    let present = order.compactMap { names.firstIndex(of: $0) }
    var result = present == Array(names.indices) ? tensor : tensor.permute(present)
    for (index, name) in order.enumerated() where !names.contains(name) {
      result = result.unsqueeze(index)
    }
    return EinsumTerm(result, order)
  }

  /// The names without those whose extent of 1 the other operand repeats.
  private func withoutBroadcast(_ other: EinsumTerm) -> EinsumTerm {
    var result = self
    for name in names where extent(name) == 1 && other.extent(name) > 1 {
      guard let dim = result.names.firstIndex(of: name) else { continue }
      result.tensor = result.tensor.squeeze(dim)
      result.names.remove(at: dim)
    }
    return result
  }

  /// The product of two terms, summed over all names but the given ones.
  func multiplied(by other: EinsumTerm, keeping kept: Set<Name>) -> EinsumTerm {
    var (a, b) = (withoutBroadcast(other), other.withoutBroadcast(self))
    a = a.summed(keeping: kept.union(b.names))
    b = b.summed(keeping: kept.union(a.names))
    let shared = a.names.filter(b.names.contains)
    let batch = shared.filter(kept.contains)
    let inner = shared.filter { !kept.contains($0) }
    let rows = a.names.filter { !b.names.contains($0) }
    let columns = b.names.filter { !a.names.contains($0) }
    let result = batch + rows + columns
    if inner.isEmpty {
      return EinsumTerm(a.arranged(result).tensor * b.arranged(result).tensor, result)
    }
    func size(_ term: EinsumTerm, _ names: [Name]) -> Int {
      names.reduce(1) { $0 * term.extent($1) }
    }
    let (n, k, m) = (size(a, rows), size(a, inner), size(b, columns))
    let count = size(a, batch)
    let left = a.arranged(batch + rows + inner).tensor
    let right = b.arranged(batch + inner + columns).tensor
    let product =
      batch.isEmpty
      ? left.reshape([n, k]).mm(right.reshape([k, m]))
      : left.reshape([count, n, k]).bmm(right.reshape([count, k, m]))
    let extents = batch.map(a.extent) + rows.map(a.extent) + columns.map(b.extent)
    return EinsumTerm(product.reshape(extents), result)
  }
}
