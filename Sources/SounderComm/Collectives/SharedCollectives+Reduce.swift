import CKernels
import SounderArray

extension SharedCollectives {
  /// Combines the buffers of all ranks of the host into each of them.
  func allReduce(
    _ buffer: UnsafeMutableRawBufferPointer, _ type: DType, _ operation: ReduceOperation
  ) throws {
    let count = buffer.count / type.byteSize
    let header = CollectiveHeader(.allReduce, operation, type, count: count)
    let kernel = ReductionKernel(operation, type, ranks: size)
    guard let base = buffer.baseAddress, count > 0 else { return try synchronize(header) }
    if buffer.count <= symmetricBytes {
      try reduceSymmetrically(base, count, kernel, header)
    } else {
      try reduceBySlices(base, count, kernel, header)
    }
  }

  /// Every rank sums all contributions: one round, for short buffers.
  private func reduceSymmetrically(
    _ base: UnsafeMutableRawPointer, _ count: Int, _ kernel: ReductionKernel,
    _ header: CollectiveHeader
  ) throws {
    let round = try begin(header)
    let bytes = count * kernel.type.byteSize
    slot(round, rank, 0).copyMemory(from: base, byteCount: bytes)
    publishChunk(round, 0)
    try waitForChunk(round, 0)
    let sources = (0..<size).map { UnsafeRawPointer($0 == rank ? base : slot(round, $0, 0)) }
    kernel(sources, into: base, count: count)
    // Of two ranks each is the only reader of the other's chunk, and the last one to touch it.
    if size == 2 { ck_shared_claim(slot(round, 1 - rank, 0), bytes) }
  }

  /// Each rank sums its slice of every chunk: two rounds, and the traffic does not grow with the
  /// number of ranks.
  ///
  /// Three chunks are in progress: one is copied in, the one before is reduced, and the one before that
  /// is copied out.
  private func reduceBySlices(
    _ base: UnsafeMutableRawPointer, _ count: Int, _ kernel: ReductionKernel,
    _ header: CollectiveHeader
  ) throws {
    let perChunk = chunkBytes / kernel.type.byteSize
    let chunks = (count + perChunk - 1) / perChunk
    let round = try begin(header)
    let work = SlicedReduction(
      collectives: self, round: round, kernel: kernel, base: base, count: count,
      perChunk: perChunk)
    for chunk in 0..<chunks + 2 {
      if chunk < chunks {
        work.copyIn(chunk)
        publishChunk(round, chunk)
      }
      if 1...chunks ~= chunk {
        try waitForChunk(round, chunk - 1)
        work.reduce(chunk - 1)
        publishResult(round, chunk - 1)
      }
      if chunk >= 2 {
        try waitForResult(round, chunk - 2)
        work.copyOut(chunk - 2)
      }
    }
  }

  /// Combines the inputs of all ranks of the host; this rank keeps its part.
  func reduceScatter(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, _ type: DType,
    _ operation: ReduceOperation
  ) throws {
    let count = output.count / type.byteSize
    let header = CollectiveHeader(.reduceScatter, operation, type, count: count)
    let kernel = ReductionKernel(operation, type, ranks: size)
    guard let source = input.baseAddress, let result = output.baseAddress, count > 0 else {
      return try synchronize(header)
    }
    // A chunk holds one piece for every rank.
    let pieceBytes = max(chunkBytes / size / 64 * 64, 64)
    require(
      pieceBytes * size <= chunkBytes,
      "reduceScatter: \(size) ranks need staging chunks of \(pieceBytes * size) bytes")
    let perPiece = pieceBytes / type.byteSize
    let pieces = (count + perPiece - 1) / perPiece
    let round = try begin(header)
    let copyIn = { (piece: Int) in
      let bytes = min(perPiece, count - piece * perPiece) * type.byteSize
      let slot = self.slot(round, self.rank, piece)
      for other in 0..<self.size where other != self.rank {
        (slot + other * pieceBytes).copyMemory(
          from: source + other * output.count + piece * pieceBytes, byteCount: bytes)
      }
      self.publishChunk(round, piece)
    }
    copyIn(0)
    for piece in 0..<pieces {
      if piece + 1 < pieces { copyIn(piece + 1) }
      try waitForChunk(round, piece)
      let sources = (0..<size).map { other -> UnsafeRawPointer in
        other == rank
          ? source + rank * output.count + piece * pieceBytes
          : UnsafeRawPointer(slot(round, other, piece) + rank * pieceBytes)
      }
      let elements = min(perPiece, count - piece * perPiece)
      kernel(sources, into: result + piece * pieceBytes, count: elements)
      for other in 0..<size where other != rank {
        ck_shared_claim(
          slot(round, other, piece) + rank * pieceBytes, elements * type.byteSize)
      }
    }
  }
}

/// The steps of a reduction by slices on one chunk.
private struct SlicedReduction {
  let collectives: SharedCollectives
  let round: SharedCollectives.Round
  let kernel: ReductionKernel
  let base: UnsafeMutableRawPointer
  let count: Int
  let perChunk: Int

  private var width: Int { kernel.type.byteSize }
  private var rank: Int { collectives.rank }
  private var size: Int { collectives.size }

  private func elements(_ chunk: Int) -> Int { min(perChunk, count - chunk * perChunk) }

  private func slice(_ chunk: Int, _ part: Int) -> Range<Int> {
    SounderComm.slice(of: elements(chunk), part: part, parts: size, elementBytes: width)
  }

  private func own(_ chunk: Int) -> UnsafeMutableRawPointer { base + chunk * perChunk * width }

  /// Copies to the staging area what the others will reduce; the own slice is read where it is.
  func copyIn(_ chunk: Int) {
    let slot = collectives.slot(round, rank, chunk)
    let mine = slice(chunk, rank)
    for part in [0..<mine.lowerBound, mine.upperBound..<elements(chunk)] where !part.isEmpty {
      (slot + part.lowerBound * width).copyMemory(
        from: own(chunk) + part.lowerBound * width, byteCount: part.count * width)
    }
  }

  /// Reduces the own slice, where it is and in the chunks of the others it was read from.
  func reduce(_ chunk: Int) {
    let buffers = (0..<size).map { other in
      other == rank ? own(chunk) : collectives.slot(round, other, chunk)
    }
    kernel.allReduce(buffers, slice(chunk, rank))
  }

  /// Copies what the others have made of the own chunk.
  func copyOut(_ chunk: Int) {
    let slot = collectives.slot(round, rank, chunk)
    let mine = slice(chunk, rank)
    for part in [0..<mine.lowerBound, mine.upperBound..<elements(chunk)] where !part.isEmpty {
      (own(chunk) + part.lowerBound * width).copyMemory(
        from: slot + part.lowerBound * width, byteCount: part.count * width)
    }
  }
}
