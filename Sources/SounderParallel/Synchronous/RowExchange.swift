import SounderArray
import SounderAutograd
import SounderComm
import SounderNN

/// Joins the sparse gradients of embedding tables over all ranks and updates the rows they touch.
///
/// Each shard's gradient of a table is a list of rows. When the dense part of a step is over, the lists of
/// all shards are swapped, rows of the same index are added along the tree over shards, where a list that
/// lacks the row counts for nothing, and each rank updates its part of the rows (form `sharded`) or all of
/// them (`replicated`). What is moved is proportional to the rows, never to the tables.
final class RowExchange {
  /// A table and what the shard in progress has found of its gradient.
  private final class Table: RowGradientSink {
    let parameter: Int
    let name: String
    let layer: Embedding
    /// Lookups of the shard in progress.
    var lookups: [RowGradient] = []
    /// The lists of this rank's finished shards.
    var lists: [RowList] = []
    /// The sum over all shards of all ranks; nil if no row was looked up.
    var merge: RowMerge?

    init(parameter: Int, name: String, layer: Embedding) {
      self.parameter = parameter
      self.name = name
      self.layer = layer
    }

    var weight: Tensor { layer.weight }
    var width: Int { weight.shape[1] }
    func take(_ gradient: RowGradient) { lookups.append(gradient) }
  }

  private let tables: [Table]
  private let group: any ProcessGroup
  private let plan: ShardPlan
  private let reducer: Reducer

  /// An exchange for the sparse tables of a model; nil if there are none.
  /// - Throws: ``ParallelError`` for tables that are not float32, and with optimiser state shared out over hosts.
  init?(model: Module, group: any ProcessGroup, plan: ShardPlan, reducer: Reducer) throws {
    // A layer that a model has in two places has one name.
    let tables = model.sparseTables.compactMap { name, layer in
      reducer.names.firstIndex(of: name).map { Table(parameter: $0, name: name, layer: layer) }
    }
    guard let first = tables.first else { return nil }
    if let wide = tables.first(where: { $0.weight.dtype != .float32 }) {
      throw ParallelError(
        "parallel.mode sync: the gradient of '\(wide.name)' is sparse and \(wide.weight.dtype), only "
          + "rows of float32 can be added; set sparse to false")
    }
    if reducer.network?.gathersParameters == true {
      throw ParallelError(
        "parallel.shard_state all: the gradient of '\(first.name)' is sparse, and a host would have to update "
          + "rows whose state is elsewhere; set shard_state to host or sparse to false")
    }
    self.tables = tables
    self.group = group
    self.plan = plan
    self.reducer = reducer
    for table in tables { table.layer.sink = table }
  }

  /// Lets the tables have dense gradients again.
  func detach() {
    for table in tables { table.layer.sink = nil }
  }

  // MARK: One step

  func beginStep() {
    for table in tables {
      table.lists = []
      table.lookups = []
      table.merge = nil
    }
  }

  /// Ends a shard of this rank, before the reducer does so.
  func endShard() throws {
    for table in tables {
      let list = table.lookups.map(RowList.init).reduce(RowList(width: table.width)) {
        $0.adding($1)
      }
      table.lookups = []
      table.lists.append(list)
      let isAccepted = try list.values.withUnsafeBufferPointer {
        try reducer.inspector.accepts(parameter: table.parameter, values: $0)
      }
      if !isAccepted { reducer.refuse(parameter: table.parameter) }
    }
  }

  /// Joins the rows of a step whose dense part is added up; every rank calls this.
  ///
  /// - Returns: The squares of all joined values, row by row in the order of the tables.
  func join() throws -> Double {
    var squares = 0.0
    for table in tables {
      try requireNoDenseGradient(table)
      let lists = try swap(table)
      if lists.allSatisfy({ $0.indices.isEmpty }) { continue }
      let merge = RowMerge(lists: lists, width: table.width)
      table.merge = merge
      guard reducer.options.clipNorm != nil else { continue }
      merge.forEach(in: merge.indices.indices) { _, values in
        squares += FlatElement.float32.squaredNorm(values, 0..<table.width)
      }
    }
    return squares
  }

  /// Applies the rows of a step whose dense part is updated; every rank calls this.
  func endStep() throws {
    for table in tables {
      guard let merge = table.merge else { continue }
      reducer.update.countStep(table.parameter)
      update(table, merge)
      table.weight.incrementVersion()
    }
    // Nobody looks rows up before all are written.
    if reducer.options.update == .sharded && group.size > 1 { try group.barrier() }
  }

  private func requireNoDenseGradient(_ table: Table) throws {
    guard reducer.isTouched(table.parameter) else { return }
    throw ParallelError(
      "parameter '\(table.name)' has a sparse gradient but is also used outside of its lookup, as "
        + "tied weights are; set sparse to false")
  }

  /// The lists of all shards, in their order.
  private func swap(_ table: Table) throws -> [RowList] {
    if group.size == 1 { return table.lists }
    var counts = [UInt64](repeating: 0, count: plan.shards)
    for (shard, list) in zip(plan.shards(of: reducer.position), table.lists) {
      counts[shard] = UInt64(list.indices.count)
    }
    let all = try group.allGather(words: counts)
    let mine = table.lists.flatMap(\.words)
    // A row of a list is its index and its values, two to a word.
    let wordsPerRow = RowList.wordsPerRow(width: table.width)
    let capacity = all.map { Int($0.reduce(0, +)) * wordsPerRow }.max() ?? 0
    if capacity == 0 { return Array(repeating: RowList(width: table.width), count: plan.shards) }
    let words = try group.allGather(
      words: mine + [UInt64](repeating: 0, count: capacity - mine.count))
    var lists = Array(repeating: RowList(width: table.width), count: plan.shards)
    for (rank, counts) in all.enumerated() {
      var next = 0
      for (shard, count) in counts.enumerated() where count > 0 {
        let end = next + Int(count) * wordsPerRow
        lists[shard] = RowList(words: words[rank][next..<end], width: table.width)
        next = end
      }
    }
    return lists
  }

  private func update(_ table: Table, _ merge: RowMerge) {
    let isSharded = reducer.options.update == .sharded
    let (rank, size) = isSharded ? (group.topology.localRank, group.topology.localSize) : (0, 1)
    let count = merge.indices.count
    merge.forEach(in: rank * count / size..<(rank + 1) * count / size) { row, values in
      reducer.update.apply(
        row: row, of: table.parameter, width: table.width, gradient: values,
        scale: reducer.clipScale)
    }
  }
}
