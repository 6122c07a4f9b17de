import SounderArray
import SounderComm

/// The memory the ranks of a host share for synchronous steps, and where everything lies in it.
///
/// Per host: parameters and optimiser state (form `sharded`), the reduced gradient, the host's partial
/// sums and the bucket headers joined over them. Per rank: gradient slots, bucket headers and a line
/// with the losses of its shards. Written by one rank and read by others only across an epoch of `flags`.
final class StepRegion {
  /// The channel of `flags` on which the ranks of a host agree about transfers to other hosts.
  static let networkChannel = 1

  /// What the size of the region depends on; the same on all ranks of the group.
  struct Extent {
    var elementCount: Int
    var parameters: Int
    var sharesParameters: Bool
    var stateSlots: Int
    var slotsPerRank: Int
    /// Tree nodes this host adds up for others, 0 on a single host.
    var hostNodes: Int
    var pieces: Int
    var shards: Int
    /// Whether gradients are joined by adaptive summation.
    var isAdaptive = false
    /// The elements of parameters and optimiser state this rank updates.
    var ownElements: [Range<Int>] = []
  }

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
    var headers = 0
    var headerWords = 0
    var networkHeaders = 0
    var norms = 0
    var reports = 0
    var verdicts = 0
    var scales = 0
    var products = 0
    var productPairs = 0

    /// The bytes that a rank writes most.
    ///
    /// That is its gradient slots, and what it updates of the parameters and the state. Whole pages, of which
    /// the first rank to touch one decides where it lies.
    func owned(_ extent: Extent, by rank: Int, of localSize: Int) -> [Range<Int>] {
      let bytes = slotsPerRank * slotBytes
      var ranges = [slots + rank * bytes..<slots + (rank + 1) * bytes]
      guard extent.sharesParameters else { return ranges }
      for base in [parameters] + state {
        for elements in extent.ownElements {
          let width = MemoryLayout<Float>.stride
          ranges.append(base + elements.lowerBound * width..<base + elements.upperBound * width)
        }
      }
      return ranges
    }

    /// Takes `bytes` on page boundaries, so that ranks and hosts never share a line by accident.
    mutating func take(_ bytes: Int) -> Int {
      defer { end = (end + bytes + 4095) / 4096 * 4096 }
      return end
    }
  }

  /// Makes the region; every rank of the group calls this with the same extent.
  /// - Throws: ``CommunicationError`` if the host has not enough memory or a rank does not arrive.
  init(group: any ProcessGroup, _ extent: Extent) throws {
    let localSize = group.topology.localSize
    elementCount = max(extent.elementCount, 1)
    let bytes = elementCount * MemoryLayout<Float>.stride
    var parts = Parts()
    parts.flags = parts.take(EpochFlags.byteCount(ranks: localSize))
    if extent.sharesParameters {
      parts.parameters = parts.take(bytes)
      parts.state = (0..<extent.stateSlots).map { _ in parts.take(bytes) }
    } else {
      parts.reduced = parts.take(bytes)
    }
    parts.slotsPerRank = extent.slotsPerRank
    parts.slotBytes = (bytes + 4095) / 4096 * 4096
    parts.slots = parts.take(localSize * parts.slotsPerRank * parts.slotBytes)
    parts.hostPartials = parts.take(extent.hostNodes * parts.slotBytes)
    // Whole lines of 64 bytes, so that ranks don't write into each other's.
    parts.headerWords = (BucketPlan.headerCapacity(parameters: extent.parameters) + 7) / 8 * 8
    parts.headers = parts.take(localSize * parts.headerWords * MemoryLayout<UInt64>.stride)
    parts.networkHeaders = parts.take(parts.headerWords * MemoryLayout<UInt64>.stride)
    parts.norms = parts.take(extent.pieces * MemoryLayout<Double>.stride)
    parts.reports = parts.take(2 * (extent.shards + localSize + 1) * MemoryLayout<Double>.stride)
    parts.verdicts = parts.take(localSize * 64)
    if extent.isAdaptive {
      parts.scales = parts.take(localSize * 64)
      parts.productPairs = Adasum.pairCount(ranks: localSize)
      parts.products = parts.take(
        2 * parts.productPairs * extent.pieces * 3 * MemoryLayout<Double>.stride)
    }
    self.parts = parts
    region = try group.makeSharedRegion(
      byteCount: parts.end,
      owned: parts.owned(extent, by: group.topology.localRank, of: localSize))
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

  /// The sum of one of this host's tree nodes; the first also takes the sum over all hosts.
  func hostPartial(_ index: Int) -> UnsafeMutablePointer<Float> {
    floats(parts.hostPartials + index * parts.slotBytes)
  }

  /// The headers a rank of this host has written, each bucket's at its place.
  func headers(of localRank: Int) -> UnsafeMutablePointer<UInt64> {
    region.pointer(
      at: parts.headers + localRank * parts.headerWords * MemoryLayout<UInt64>.stride,
      as: UInt64.self, count: parts.headerWords)
  }

  /// The headers joined over all hosts, each bucket's at its place; written by the network leg.
  var networkHeaders: UnsafeMutablePointer<UInt64> {
    region.pointer(at: parts.networkHeaders, as: UInt64.self, count: parts.headerWords)
  }

  /// The squared norms of the pieces of the reduced gradient.
  func norms(count: Int) -> UnsafeMutablePointer<Double> {
    region.pointer(at: parts.norms, as: Double.self, count: count)
  }

  /// The losses of all shards, then a stop request of every rank of the host, then one of other hosts;
  /// two generations, because a fast rank may be one step ahead.
  func report(step: Int, count: Int) -> UnsafeMutablePointer<Double> {
    region.pointer(
      at: parts.reports + step % 2 * count * MemoryLayout<Double>.stride, as: Double.self,
      count: count)
  }

  /// Whether a rank of the host refuses the step, on a line of its own.
  ///
  /// Written before the ranks meet with all sums and read after; nobody gets there again before all ranks have
  /// published the buckets of the next step.
  func verdict(of localRank: Int) -> UnsafeMutablePointer<UInt64> {
    region.pointer(at: parts.verdicts + localRank * 64, as: UInt64.self, count: 1)
  }

  /// What turns the gradient a rank of the host has written into the mean over its own samples, on a line of its
  /// own (adaptive summation).
  ///
  /// Written before the rank's last bucket is published, read before ranks meet with all sums.
  func gradientScale(ofRank localRank: Int) -> UnsafeMutablePointer<Double> {
    region.pointer(at: parts.scales + localRank * 64, as: Double.self, count: 1)
  }

  /// Three inner products of each piece for a pair of gradients (adaptive summation).
  ///
  /// Two generations: a rank may write those of a level while others still read those of the level before.
  func innerProducts(level: Int, pair: Int, pieces: Int) -> UnsafeMutablePointer<Double> {
    let place = (level % 2 * parts.productPairs + pair) * pieces * 3
    return region.pointer(
      at: parts.products + place * MemoryLayout<Double>.stride, as: Double.self, count: pieces * 3)
  }

  /// A tensor's memory inside one of the flat arrays.
  ///
  /// - Parameter offset: Its first word.
  func array(
    _ flat: UnsafeMutablePointer<Float>, offset: Int, shape: Shape,
    _ element: FlatElement = .float32
  ) -> NDArray {
    let storage = Storage(
      base: UnsafeMutableRawPointer(flat), byteCount: elementCount * MemoryLayout<Float>.stride,
      owner: region)
    return NDArray(
      storage: storage, dtype: element.dtype, offset: offset / element.words, shape: shape,
      strides: shape.contiguousStrides)
  }
}
