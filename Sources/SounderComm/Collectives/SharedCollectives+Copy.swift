import Foundation
import SounderArray

extension SharedCollectives {
  /// Copies the bytes of one rank of the host to all.
  func broadcast(_ buffer: UnsafeMutableRawBufferPointer, localRoot root: Int) throws {
    let header = CollectiveHeader(
      .broadcast, root: region.membership.ranks[root], count: buffer.count)
    guard let base = buffer.baseAddress, buffer.count > 0 else { return try synchronize(header) }
    try stream(
      header, byteCount: buffer.count,
      copyIn: { slot, range in
        guard self.rank == root else { return }
        slot.copyMemory(from: base + range.lowerBound, byteCount: range.count)
      },
      copyOut: { slots, range in
        guard self.rank != root else { return }
        (base + range.lowerBound).copyMemory(from: slots(root), byteCount: range.count)
      })
  }

  /// Concatenates the inputs of all ranks of the host.
  func allGather(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws
  {
    let header = CollectiveHeader(.allGather, count: input.count)
    guard let source = input.baseAddress, let result = output.baseAddress, input.count > 0 else {
      return try synchronize(header)
    }
    let width = input.count
    try stream(
      header, byteCount: width,
      copyIn: { slot, range in
        slot.copyMemory(from: source + range.lowerBound, byteCount: range.count)
      },
      copyOut: { slots, range in
        // `input` may be the rank's own place in `output`.
        let own = result + self.rank * width + range.lowerBound
        memmove(own, source + range.lowerBound, range.count)
        for other in 0..<self.size where other != self.rank {
          (result + other * width + range.lowerBound).copyMemory(
            from: slots(other), byteCount: range.count)
        }
      })
  }

  /// Moves `byteCount` bytes of each rank through the staging area, one chunk ahead.
  private func stream(
    _ header: CollectiveHeader, byteCount: Int,
    copyIn: (UnsafeMutableRawPointer, Range<Int>) -> Void,
    copyOut: ((Int) -> UnsafeRawPointer, Range<Int>) -> Void
  ) throws {
    let chunks = (byteCount + chunkBytes - 1) / chunkBytes
    let range = { (chunk: Int) in
      chunk * self.chunkBytes..<min((chunk + 1) * self.chunkBytes, byteCount)
    }
    let round = try begin(header)
    copyIn(slot(round, rank, 0), range(0))
    publishChunk(round, 0)
    for chunk in 0..<chunks {
      if chunk + 1 < chunks {
        copyIn(slot(round, rank, chunk + 1), range(chunk + 1))
        publishChunk(round, chunk + 1)
      }
      try waitForChunk(round, chunk)
      copyOut({ UnsafeRawPointer(slot(round, $0, chunk)) }, range(chunk))
    }
  }
}
