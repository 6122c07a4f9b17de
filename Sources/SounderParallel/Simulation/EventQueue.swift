/// What happens when, in simulated time: the heart of a discrete-event simulation.
///
/// Events of one time happen in the order in which they were scheduled, so a run is reproducible.
struct EventQueue {
  private struct Event {
    let time: Double
    let number: Int
    let action: () -> Void
  }

  private var heap: [Event] = []
  private var scheduled = 0
  /// The time of the event that happens now.
  private(set) var now = 0.0

  /// Lets `action` happen after a delay in seconds, which must not be negative.
  mutating func schedule(after delay: Double, _ action: @escaping () -> Void) {
    heap.append(Event(time: now + delay, number: scheduled, action: action))
    scheduled += 1
    var child = heap.count - 1
    while child > 0, precedes(child, (child - 1) / 2) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// The next event's action, after moving the time to it; nil when nothing is left.
  mutating func next() -> (() -> Void)? {
    guard let first = heap.first else { return nil }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while true {
      let children = [2 * parent + 1, 2 * parent + 2].filter { $0 < heap.count }
      guard let least = children.min(by: { precedes($0, $1) }), precedes(least, parent) else {
        break
      }
      heap.swapAt(least, parent)
      parent = least
    }
    now = first.time
    return first.action
  }

  private func precedes(_ left: Int, _ right: Int) -> Bool {
    (heap[left].time, heap[left].number) < (heap[right].time, heap[right].number)
  }
}
