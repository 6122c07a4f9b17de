import Foundation
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
    slot(round, rank, 0).copyMemory(from: base, byteCount: count * kernel.type.byteSize)
    publishChunk(round, 0)
    try waitForChunk(round, 0)
    kernel((0..<size).map { UnsafeRawPointer(slot(round, $0, 0)) }, into: base, count: count)
  }

  /// Each rank sums its slice of every chunk: two rounds, and the traffic does not grow with the
  /// number of ranks.
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
    work.copyIn(0)
    publishChunk(round, 0)
    for chunk in 0..<chunks {
      if chunk + 1 < chunks {
        work.copyIn(chunk + 1)
        publishChunk(round, chunk + 1)
      }
      if chunk > 0 {
        try waitForResult(round, chunk - 1)
        work.copyOut(chunk - 1)
      }
      try waitForChunk(round, chunk)
      work.reduce(chunk)
      publishResult(round, chunk)
    }
    try waitForResult(round, chunks - 1)
    work.copyOut(chunks - 1)
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
      kernel(
        sources, into: result + piece * pieceBytes, count: min(perPiece, count - piece * perPiece))
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

  private static let blockBytes = 16 << 10
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

  /// Reduces the own slice, into the staging area for the others and into the buffer.
  func reduce(_ chunk: Int) {
    let mine = slice(chunk, rank)
    let slots = (0..<size).map { collectives.slot(round, $0, chunk) }
    let perBlock = SlicedReduction.blockBytes / width
    for start in stride(from: mine.lowerBound, to: mine.upperBound, by: perBlock) {
      let block = min(perBlock, mine.upperBound - start)
      let offset = start * width
      let sources = slots.enumerated().map { other, slot in
        UnsafeRawPointer(other == rank ? own(chunk) + offset : slot + offset)
      }
      kernel(sources, into: slots[rank] + offset, count: block)
      (own(chunk) + offset).copyMemory(from: slots[rank] + offset, byteCount: block * width)
    }
  }

  /// Copies the slices the others have reduced.
  func copyOut(_ chunk: Int) {
    for other in 0..<size where other != rank {
      let part = slice(chunk, other)
      (own(chunk) + part.lowerBound * width).copyMemory(
        from: collectives.slot(round, other, chunk) + part.lowerBound * width,
        byteCount: part.count * width)
    }
  }
}
