/// Decides on rank 0 when buckets are planned anew.
///
/// The first order that is observed replaces the reverse order of declaration, then the layout is frozen.
/// A graph that has changed for good, seen as another order in two steps in a row, is planned for once more;
/// each order at most once, so that a model that alternates between graphs does not plan for ever.
struct LayoutHistory {
  private var planned: [Int]
  private var isFrozen: Bool
  private var last: [Int] = []
  private var seen: Set<Int> = []
  private static let capacity = 64

  /// A history that begins with a layout for the order `planned`; `isGiven` if the user has chosen it.
  init(planned: [Int], isGiven: Bool) {
    self.planned = planned
    isFrozen = false
    acceptsFirst = isGiven
  }
  /// Whether the first order observed leaves the layout as it is.
  private let acceptsFirst: Bool

  /// Notes the order in which the gradients of a step were complete; true if it is time to plan for it.
  mutating func observe(_ order: [Int]) -> Bool {
    defer { last = order }
    if !isFrozen {
      isFrozen = true
      defer { planned = order }
      return accept(order) && !acceptsFirst && order != planned
    }
    guard order != planned, order == last, accept(order) else { return false }
    planned = order
    return true
  }

  /// Whether an order is new.
  private mutating func accept(_ order: [Int]) -> Bool {
    seen.count < Self.capacity && seen.insert(order.hashValue).inserted
  }
}
