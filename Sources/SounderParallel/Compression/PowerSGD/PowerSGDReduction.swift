/// The sum of one bucket over hosts by ``PowerSGD``, without waiting: matrices as products of thin ones, all
/// else as it is.
final class PowerSGDReduction {
  /// Where a parameter lies in the bucket.
  struct Item {
    let offset: Int
    let count: Int
    /// Nil if it travels as it is.
    let matrix: PowerSGD.Matrix?
  }

  /// This host's gradient and what is left of earlier steps, all parameters side by side; at the end
  /// the sum over hosts.
  private(set) var values: [Float]
  /// At the end what this host could not send.
  private(set) var residual: [Float]
  /// At the end the `Q` of every matrix.
  private(set) var bases: [(matrix: PowerSGD.Matrix, basis: [Float])] = []
  private let party: VectorSum.Party
  private let method: PowerSGD
  private let items: [Item]
  private let tag: Int
  private var sum: VectorSum
  private var projections: [(item: Item, matrix: PowerSGD.Matrix, values: [Float])] = []
  private var isDone = false
  /// The bytes sent to other hosts so far.
  var sentBytes: Int { earlierBytes + sum.sentBytes }
  private var earlierBytes = 0

  /// Begins the first round: the sum of all `P = M Q` and of what is no matrix.
  ///
  /// - Parameter tag: Uses four tags from this one on.
  init(
    _ party: VectorSum.Party, _ method: PowerSGD, _ items: [Item], _ values: [Float], tag: Int
  ) throws {
    self.party = party
    self.method = method
    self.items = items
    self.values = values
    self.tag = tag
    residual = Array(repeating: 0, count: values.count)
    let packed = items.flatMap { item in
      let own = values[item.offset..<item.offset + item.count]
      return item.matrix.map { method.project($0, own) } ?? Array(own)
    }
    sum = try VectorSum(party, packed, tag: tag)
  }

  /// The ranks this one still waits for.
  func missing() throws -> [Int] { try sum.missing() }

  /// Works on the sum without waiting, and says whether it is complete.
  func isComplete() throws -> Bool {
    while !isDone, try sum.isComplete() {
      if projections.isEmpty { try finishFirstRound() } else { finishSecondRound() }
    }
    return isDone
  }

  private func finishFirstRound() throws {
    var next = 0
    for item in items {
      let count = item.matrix.map { method.options.rank * $0.rows } ?? item.count
      let total = Array(sum.values[next..<next + count])
      next += count
      if let matrix = item.matrix {
        projections.append((item, matrix, method.orthonormalized(matrix, total)))
      } else {
        values.replaceSubrange(item.offset..<item.offset + count, with: total)
      }
    }
    if projections.isEmpty {
      isDone = true
      return
    }
    let columns = projections.flatMap { item, matrix, projection in
      method.projectBack(matrix, values[item.offset..<item.offset + item.count], projection)
    }
    earlierBytes += sum.sentBytes
    sum = try VectorSum(party, columns, tag: tag + 2)
  }

  private func finishSecondRound() {
    var next = 0
    for (item, matrix, projection) in projections {
      let basis = Array(sum.values[next..<next + method.options.rank * matrix.columns])
      next += basis.count
      let product = method.expanded(matrix, projection, basis)
      // Hosts share the error of the sum.
      let share = 1 / Float(party.ranks.count)
      for (index, value) in product.enumerated() {
        residual[item.offset + index] = values[item.offset + index] - value * share
        values[item.offset + index] = value
      }
      bases.append((matrix, basis))
    }
    isDone = true
  }
}
