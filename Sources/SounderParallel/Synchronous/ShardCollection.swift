import SounderAutograd

/// Which gradients of one shard have arrived.
struct ShardCollection {
  /// What the shard is and where its gradients go.
  var entry = ShardPlan.Step(shard: 0, slot: 0, additions: [])
  var isLast = false
  /// Arrivals after which a parameter is complete; `Int.max` means at the end of the pass.
  private(set) var expected: [Int]
  private(set) var arrivals: [Int]
  private(set) var isSettled: [Bool]
  /// When the last gradient of each parameter arrived, counted in arrivals from 1; 0 for never.
  private(set) var lastArrival: [Int]
  private var clock = 0
  private var fingerprint: UInt64?

  init(parameters: Int) {
    expected = Array(repeating: .max, count: parameters)
    arrivals = Array(repeating: 0, count: parameters)
    isSettled = Array(repeating: false, count: parameters)
    lastArrival = arrivals
  }

  mutating func begin(_ entry: ShardPlan.Step, isLast: Bool) {
    self.entry = entry
    self.isLast = isLast
    clock = 0
    fingerprint = nil
    for index in expected.indices {
      expected[index] = .max
      arrivals[index] = 0
      isSettled[index] = false
      lastArrival[index] = 0
    }
  }

  /// Takes over what is known about the arrivals of the pass that begins.
  ///
  /// A parameter the graph does not reach waits for the end of the pass all the same: an operator may read
  /// its values without asking for its gradient.
  mutating func expect(_ graph: PassGraph, _ memory: inout GraphMemory) {
    let fingerprint = graph.fingerprint
    self.fingerprint = fingerprint
    switch memory.look(graph, fingerprint: fingerprint) {
    case .once: for index in expected.indices { expected[index] = 1 }
    case .counted(let counts):
      for index in expected.indices { expected[index] = counts[index] == 0 ? .max : counts[index] }
    case .unknown: break
    }
  }

  /// Notes a gradient; true if it makes the parameter complete.
  mutating func arrive(_ index: Int) -> Bool {
    clock += 1
    arrivals[index] += 1
    lastArrival[index] = clock
    return arrivals[index] == expected[index]
  }

  mutating func settle(_ index: Int) { isSettled[index] = true }

  /// Keeps the count of arrivals for the next pass over an equal graph.
  func end(_ memory: inout GraphMemory) {
    if let fingerprint { memory.learn(arrivals, fingerprint: fingerprint) }
  }

  /// The parameters in the order in which they were complete, unused ones last, from the end of the layout;
  /// nil if the shard used none.
  var order: [Int]? {
    let used = lastArrival.indices.filter { lastArrival[$0] > 0 }
    if used.isEmpty { return nil }
    return used.sorted { lastArrival[$0] < lastArrival[$1] }
      + lastArrival.indices.reversed().filter { lastArrival[$0] == 0 }
  }
}
