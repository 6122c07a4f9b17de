import Foundation
import SounderArray

/// The collectives over several hosts.
extension CollectiveGroup {
  /// Proves that all ranks begin the same collective: ranks of a host compare in shared memory, the
  /// first ranks of the hosts by messages, and nobody goes on before their verdict.
  func agree(_ header: CollectiveHeader, _ transport: any MessageTransport) throws {
    board.begin(header)
    try host.synchronize(header)
    let leaders = topology.leaders
    if topology.localRank == 0 {
      let record = header.record
      let mine = [record.descriptor, record.count]
      var all = [[UInt64]](repeating: mine, count: leaders.count)
      try exchange(mine, &all, leaders, transport, header)
      for (leader, words) in zip(leaders, all) where words != all[0] {
        throw CommunicationError.mismatch(
          sequence: board.collectives, leaders[0],
          CollectiveHeader(.init(descriptor: all[0][0], count: all[0][1])), leader,
          CollectiveHeader(.init(descriptor: words[0], count: words[1]))
        ).seen(by: rank, origin: rank)
      }
    }
    try host.synchronize(header)
  }

  private func exchange(
    _ mine: [UInt64], _ all: inout [[UInt64]], _ leaders: [Int], _ transport: any MessageTransport,
    _ header: CollectiveHeader
  ) throws {
    var flat = all.flatMap { $0 }
    try mine.withUnsafeBytes { input in
      try flat.withUnsafeMutableBytes { output in
        let others = leaders.enumerated().filter { $0.element != rank }
        try transport.exchange(
          sends: others.map { ($0.element, input) },
          receives: others.map { index, leader in
            (leader, part(output, index, input.count))
          }, "\(header)")
      }
    }
    for index in all.indices { all[index] = Array(flat[index * 2..<index * 2 + 2]) }
  }

  private func part(
    _ buffer: UnsafeMutableRawBufferPointer, _ index: Int, _ byteCount: Int
  ) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: buffer[index * byteCount..<(index + 1) * byteCount])
  }

  func hierarchicalBroadcast(
    _ buffer: UnsafeMutableRawBufferPointer, _ root: Int, _ transport: any MessageTransport
  ) throws {
    let header = CollectiveHeader(.broadcast, root: root, count: buffer.count)
    try agree(header, transport)
    let rootHost = topology.hosts[root]
    // One rank of every host has the bytes first: the root, and the first rank elsewhere.
    let targets = topology.leaders.filter { topology.hosts[$0] != rootHost }
    if rank == root {
      try transport.exchange(
        sends: targets.map { ($0, UnsafeRawBufferPointer(buffer)) }, receives: [], "\(header)")
    } else if targets.contains(rank) {
      try transport.exchange(sends: [], receives: [(root, buffer)], "\(header)")
    }
    try host.broadcast(buffer, localRoot: topology.localRanks.firstIndex(of: root) ?? 0)
  }

  func flatAllGather(
    _ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer,
    _ transport: any MessageTransport
  ) throws {
    let header = CollectiveHeader(.allGather, count: input.count)
    try agree(header, transport)
    guard let target = output.baseAddress, let source = input.baseAddress else { return }
    memmove(target + rank * input.count, source, input.count)
    let others = (0..<size).filter { $0 != rank }
    try transport.exchange(
      sends: others.map { ($0, input) },
      receives: others.map { ($0, part(output, $0, input.count)) }, "\(header)")
  }

  func flatReduceScatter(
    _ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer, _ type: DType,
    _ operation: ReduceOperation, _ transport: any MessageTransport
  ) throws {
    let header = CollectiveHeader(
      .reduceScatter, operation, type, count: output.count / type.byteSize)
    try agree(header, transport)
    let parts = (0..<size).map {
      UnsafeRawBufferPointer(rebasing: input[$0 * output.count..<($0 + 1) * output.count])
    }
    try reduce(
      parts, into: output, among: Array(0..<size),
      ReductionKernel(operation, type, ranks: size), transport, "\(header)")
  }

  /// Sums over hosts first where that gives the bits of the tree over ranks, else over all ranks at once.
  func hierarchicalAllReduce(
    _ buffer: UnsafeMutableRawBufferPointer, _ type: DType, _ operation: ReduceOperation,
    _ transport: any MessageTransport
  ) throws {
    let count = buffer.count / type.byteSize
    let header = CollectiveHeader(.allReduce, operation, type, count: count)
    try agree(header, transport)
    guard count > 0 else { return }
    let kernel = ReductionKernel(operation, type, ranks: size)
    guard topology.hostsAreTreeNodes else {
      return try allReduce(
        buffer, among: Array(0..<size), kernel, transport, "\(header)")
    }
    // Every rank of a host has the host's sum, takes the slice of its position to the ranks of the
    // same position elsewhere, and the slices are put together again on the host.
    try host.allReduce(buffer, type, operation == .mean ? .sum : operation)
    let local = topology.localSize
    let peers = (0..<topology.hostCount).map { $0 * local + topology.localRank }
    let width = (count + local - 1) / local * type.byteSize
    let own = sliceRange(topology.localRank, width, buffer.count)
    try allReduce(
      UnsafeMutableRawBufferPointer(rebasing: buffer[own]), among: peers, kernel, transport,
      "\(header)")
    var mine = [UInt8](repeating: 0, count: width)
    var all = [UInt8](repeating: 0, count: width * local)
    mine.withUnsafeMutableBytes { $0.copyBytes(from: buffer[own]) }
    try mine.withUnsafeBytes { input in
      try all.withUnsafeMutableBytes { try host.allGather(input, into: $0) }
    }
    all.withUnsafeBytes { buffer.copyBytes(from: $0[0..<buffer.count]) }
  }

  private func sliceRange(_ index: Int, _ width: Int, _ count: Int) -> Range<Int> {
    min(index * width, count)..<min((index + 1) * width, count)
  }

  /// Reduces a buffer over some ranks: each reduces one slice and sends it to the others.
  private func allReduce(
    _ buffer: UnsafeMutableRawBufferPointer, among peers: [Int], _ kernel: ReductionKernel,
    _ transport: any MessageTransport, _ operation: String
  ) throws {
    let width = kernel.type.byteSize
    let slices = peers.indices.map { index -> UnsafeMutableRawBufferPointer in
      let range = slice(
        of: buffer.count / width, part: index, parts: peers.count, elementBytes: width)
      return UnsafeMutableRawBufferPointer(
        rebasing: buffer[range.lowerBound * width..<range.upperBound * width])
    }
    guard let position = peers.firstIndex(of: rank) else { return }
    try reduce(
      slices.map { UnsafeRawBufferPointer($0) }, into: slices[position], among: peers, kernel,
      transport, operation)
    let others = peers.indices.filter { $0 != position }
    try transport.exchange(
      sends: others.map { (peers[$0], UnsafeRawBufferPointer(slices[position])) },
      receives: others.map { (peers[$0], slices[$0]) }, operation)
  }

  /// Sends part i to peer i and reduces what arrives, in the order of the peers.
  private func reduce(
    _ parts: [UnsafeRawBufferPointer], into output: UnsafeMutableRawBufferPointer,
    among peers: [Int], _ kernel: ReductionKernel, _ transport: any MessageTransport,
    _ operation: String
  ) throws {
    guard let position = peers.firstIndex(of: rank) else { return }
    let others = peers.indices.filter { $0 != position }
    let staging = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(peers.count * output.count, 1), alignment: 64)
    defer { staging.deallocate() }
    try transport.exchange(
      sends: others.map { (peers[$0], parts[$0]) },
      receives: others.map { (peers[$0], part(staging, $0, output.count)) }, operation)
    guard output.count > 0, let base = staging.baseAddress, let target = output.baseAddress,
      let own = parts[position].baseAddress
    else { return }
    let sources = peers.indices.map {
      $0 == position ? own : UnsafeRawPointer(base + $0 * output.count)
    }
    kernel(sources, into: target, count: output.count / kernel.type.byteSize)
  }
}
