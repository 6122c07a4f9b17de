import CKernels
import Foundation
import SounderArray

/// Memory that all ranks of a host see at the same time.
///
/// Made by ``ProcessGroup/makeSharedRegion(byteCount:)``. The bytes start zeroed, on a page boundary,
/// present in memory (a full host is an error when the region is made, never a bus error later) and
/// live as long as the region is referenced. Nothing is left on the host when its processes die.
///
/// A region may own the bytes of a storage: `Storage(base: region.base, byteCount: n, owner: region)`.
public final class SharedRegion: @unchecked Sendable {
  // @unchecked: all properties are constant; access to the bytes is ordered by `EpochFlags`.

  /// The first byte; another rank may see it at another address.
  public let base: UnsafeMutableRawPointer
  /// The number of bytes.
  public let byteCount: Int
  /// This rank's place among those that see the region.
  public let membership: HostMembership
  let mapping: RegionMapping
  /// Where ranks of the group that made this region report failures; nil for the group's own.
  let failures: FailureRecord?

  /// The position of this rank among those that see the region.
  public var localRank: Int { membership.localRank }
  /// The number of ranks that see the region.
  public var localSize: Int { membership.localSize }

  /// The bytes the region takes, with what is kept behind it.
  public var mappedByteCount: Int { mapping.byteCount }

  init(
    mapping: RegionMapping, byteCount: Int, membership: HostMembership,
    failures: FailureRecord? = nil
  ) {
    base = mapping.base
    self.byteCount = byteCount
    self.membership = membership
    self.mapping = mapping
    self.failures = failures
  }

  /// Memory of this process for a group of one rank.
  static func single(byteCount: Int) throws -> SharedRegion {
    let membership = HostMembership(
      localRank: 0, ranks: [0], hostName: localHostName(), timeout: .seconds(120),
      waiting: WaitPolicy(ranks: 1, cores: 1), board: RankBoard(hostName: localHostName()))
    let mapping = try RegionMapping.anonymous(byteCount: RegionTrailer.mappedBytes(byteCount))
    return SharedRegion(mapping: mapping, byteCount: byteCount, membership: membership)
  }

  /// The address of a value at a byte offset, which must lie inside the region.
  public func pointer<T>(at offset: Int, as type: T.Type, count: Int = 1) -> UnsafeMutablePointer<T>
  {
    require(
      offset >= 0 && count >= 0 && offset + count * MemoryLayout<T>.stride <= byteCount,
      "SharedRegion: \(count) × \(type) at \(offset) is outside the region of \(byteCount) bytes")
    return base.advanced(by: offset).bindMemory(to: type, capacity: count)
  }
}

/// The system's name of this host.
func localHostName() -> String {
  var name = [CChar](repeating: 0, count: 256)
  guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
  return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
