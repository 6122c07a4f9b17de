import SounderComm

/// The sizes a job uses to share memory, the same on all ranks, and how they were found.
package struct TuningDecision: CustomStringConvertible {
  /// Where sizes come from.
  enum Source: Int64 {
    case configured, cached, measured
  }

  package let sizes: SharedMemoryTuning
  let source: Source
  /// How long the measurement took.
  let seconds: Double
  /// Something the user should know.
  var note: String?

  /// Takes the configured sizes, those of an earlier job on this machine, or measures.
  ///
  /// A collective of all ranks; sets the cross-over of the group.
  ///
  /// - Throws: ``CommunicationError``.
  init(_ section: ParallelSection, group: any ProcessGroup, cache: TuningCache) throws {
    var sizes = SharedMemoryTuning.standard
    var source = Source.configured
    var (seconds, note) = (0.0, String?.none)
    if section.bucketBytes == nil || section.crossoverBytes == nil {
      // Rank 0 looks, so that all ranks of all hosts agree.
      var words: [Int64] = [0, 0, 0]
      if group.rank == 0 {
        switch cache.read() {
        case .none: break
        case .damaged(let problem): note = problem
        case .found(let known): words = [1, Int64(known.bucketBytes), Int64(known.crossoverBytes)]
        }
      }
      try words.withUnsafeMutableBytes { try group.broadcast($0, root: 0) }
      if words[0] == 1 {
        source = .cached
        sizes = SharedMemoryTuning(bucketBytes: Int(words[1]), crossoverBytes: Int(words[2]))
      } else {
        source = .measured
        let start = ContinuousClock.now
        sizes = try SharedMemoryProbe(group: group).run()
        seconds = start.duration(to: .now) / .seconds(1)
        if group.rank == 0 { cache.write(sizes) }
      }
    }
    sizes.bucketBytes = section.bucketBytes ?? sizes.bucketBytes
    sizes.crossoverBytes = section.crossoverBytes ?? sizes.crossoverBytes
    group.setCrossover(bytes: sizes.crossoverBytes)
    self.sizes = sizes
    self.source = source
    self.seconds = seconds
    self.note = note
  }

  /// One line for people.
  package var description: String {
    let origin =
      switch source {
      case .configured: "as configured"
      case .cached: "measured by an earlier job"
      case .measured: "measured in \(Int((seconds * 1e3).rounded())) ms"
      }
    return "gradient buckets of \(sizes.bucketBytes >> 10) KiB, sums by slices above "
      + "\(sizes.crossoverBytes) bytes (\(origin))" + (note.map { "; \($0)" } ?? "")
  }

  /// The decision as members of JSON output.
  package var json: JSONObject {
    [
      "bucket_bytes": .integer(sizes.bucketBytes),
      "crossover_bytes": .integer(sizes.crossoverBytes), "source": .string("\(source)"),
      "milliseconds": .number((seconds * 1e3).rounded()),
      "note": note.map(JSONValue.string) ?? .null,
    ]
  }
}
