/// What a rank says when it begins its pass.
struct Join {
  /// Edges between ranks that gradients can enter or leave by, and where those lead to.
  struct Source {
    let number: UInt64
    let targets: [UInt64]
  }

  let mode: DistEngine.Mode
  /// The edges by which gradients leave this rank: what it has received, and collectives.
  let ends: Set<UInt64>
  /// The edges to other ranks that this rank's roots reach; SMART mode only.
  let rootTargets: [UInt64]
  /// What gradients reach that enter by each edge; SMART mode only.
  let sources: [Source]

  init(
    mode: DistEngine.Mode, ends: Set<UInt64>, rootTargets: [UInt64] = [], sources: [Source] = []
  ) {
    self.mode = mode
    self.ends = ends
    self.rootTargets = rootTargets
    self.sources = sources
  }

  init(_ reader: ByteReader) {
    var reader = reader
    mode = reader.byte() == 1 ? .smart : .fast
    ends = Set(reader.words())
    rootTargets = reader.words()
    sources = (0..<reader.int()).map { _ in
      Source(number: reader.word(), targets: reader.words())
    }
  }

  func write(to writer: inout ByteWriter) {
    writer.write(UInt8(mode == .smart ? 1 : 0))
    writer.write(Array(ends))
    writer.write(rootTargets)
    writer.write(sources.count)
    for source in sources {
      writer.write(source.number)
      writer.write(source.targets)
    }
  }

  /// The edges that the roots of any rank reach, over any number of ranks.
  static func reached(by joins: some Collection<Join>) -> Set<UInt64> {
    var next: [UInt64: [[UInt64]]] = [:]
    for source in joins.flatMap(\.sources) {
      next[source.number, default: []].append(source.targets)
    }
    var reached: Set<UInt64> = []
    var waiting = joins.flatMap(\.rootTargets)
    while let number = waiting.popLast() {
      guard reached.insert(number).inserted else { continue }
      for targets in next[number] ?? [] { waiting += targets }
    }
    return reached
  }
}
