import SounderArray
import SounderComm

/// The memory the ranks of a host share for synchronous steps, and where everything lies in it.
///
/// Per host: parameters and optimiser state (form `sharded`), the reduced gradient, the partial sums of
/// other hosts. Per rank: gradient slots and a line with the losses of its shards. Written by one rank
/// and read by others only across an epoch of `flags`.
final class StepRegion {
  let region: SharedRegion
  let flags: EpochFlags
  let elementCount: Int
  private let parts: Parts

  /// Byte offsets of the parts of the region.
  private struct Parts {
    var end = 0
    var flags = 0
    var parameters = 0
    var state: [Int] = []
    var slots = 0
    var slotBytes = 0
    var slotsPerRank = 0
    var reduced = 0
    var hostPartials = 0
    var norms = 0
    var reports = 0

    /// Takes `bytes` on page boundaries, so that ranks and hosts never share a line by accident.
    mutating func take(_ bytes: Int) -> Int {
      defer { end = (end + bytes + 4095) / 4096 * 4096 }
      return end
    }
  }

  /// Makes the region; every rank of the group calls this with the same arguments.
  /// - Throws: ``CommunicationError`` if the host has not enough memory or a rank does not arrive.
  init(
    group: any ProcessGroup, elementCount: Int, sharesParameters: Bool, stateSlots: Int,
    slotsPerRank: Int, hostNodes: Int, pieces: Int, shards: Int
  ) throws {
    let localSize = group.topology.localSize
    let bytes = elementCount * MemoryLayout<Float>.stride
    var parts = Parts()
    parts.flags = parts.take(EpochFlags.byteCount(ranks: localSize))
    if sharesParameters {
      parts.parameters = parts.take(bytes)
      parts.state = (0..<stateSlots).map { _ in parts.take(bytes) }
    } else {
      parts.reduced = parts.take(bytes)
    }
    parts.slotsPerRank = slotsPerRank
    parts.slotBytes = (bytes + 4095) / 4096 * 4096
    parts.slots = parts.take(localSize * slotsPerRank * parts.slotBytes)
    parts.hostPartials = parts.take(hostNodes * parts.slotBytes)
    parts.norms = parts.take(pieces * MemoryLayout<Double>.stride)
    parts.reports = parts.take(2 * (shards + localSize) * MemoryLayout<Double>.stride)
    self.parts = parts
    self.elementCount = elementCount
    region = try group.makeSharedRegion(byteCount: parts.end)
    flags = EpochFlags(region: region, offset: parts.flags)
  }

  private func floats(_ offset: Int) -> UnsafeMutablePointer<Float> {
    region.pointer(at: offset, as: Float.self, count: elementCount)
  }

  /// The parameters all ranks of the host read and write.
  var parameters: UnsafeMutablePointer<Float> { floats(parts.parameters) }

  /// One array of optimiser state.
  func state(_ index: Int) -> UnsafeMutablePointer<Float> { floats(parts.state[index]) }

  /// A gradient slot of a rank of this host.
  func slot(_ index: Int, of localRank: Int) -> UnsafeMutablePointer<Float> {
    floats(parts.slots + (localRank * parts.slotsPerRank + index) * parts.slotBytes)
  }

  /// The reduced gradient (form `replicated`).
  var reduced: UnsafeMutablePointer<Float> { floats(parts.reduced) }

  /// The partial sum of a tree node that a host holds, this host's or one received from another.
  func hostPartial(_ index: Int) -> UnsafeMutablePointer<Float> {
    floats(parts.hostPartials + index * parts.slotBytes)
  }

  /// The squared norms of the pieces of the reduced gradient.
  func norms(count: Int) -> UnsafeMutablePointer<Double> {
    region.pointer(at: parts.norms, as: Double.self, count: count)
  }

  /// The losses of all shards, then a stop request of every rank of the host; two generations, because
  /// a fast rank may be one step ahead.
  func report(step: Int, count: Int) -> UnsafeMutablePointer<Double> {
    region.pointer(
      at: parts.reports + step % 2 * count * MemoryLayout<Double>.stride, as: Double.self,
      count: count)
  }

  /// A tensor's memory inside one of the flat arrays.
  func array(_ flat: UnsafeMutablePointer<Float>, offset: Int, shape: Shape) -> NDArray {
    let storage = Storage(
      base: UnsafeMutableRawPointer(flat), byteCount: elementCount * MemoryLayout<Float>.stride,
      owner: region)
    return NDArray(
      storage: storage, dtype: .float32, offset: offset, shape: shape,
      strides: shape.contiguousStrides)
  }
}
