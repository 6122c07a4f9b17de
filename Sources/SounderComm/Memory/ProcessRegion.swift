import CKernels
import Foundation

/// Makes regions that several processes of a host share.
///
/// The first rank makes a file that exists in memory only and reserves its space, the others open it
/// through `/proc/PID/fd/N`; when their process namespaces differ, a named object of `/dev/shm` takes
/// its place, unlinked as soon as all have attached. Either way the memory goes with its last process.
/// All ranks succeed or all throw.
///
/// A page lies in the memory nearest to the core that first reserves it, so every rank reserves its own
/// bytes, at the same time as the others; then the first one reserves what is left.
struct ProcessRegion {
  let byteCount: Int
  let membership: HostMembership
  let bootstrap: any HostBootstrap
  var failures: FailureRecord?
  /// The bytes this rank will write most.
  var owned: [Range<Int>] = []

  /// Thrown on all ranks when they do not see each other's memory in any way.
  struct NotShared: Error {}

  private enum Way: UInt64, CaseIterable { case hugeMemoryFile, memoryFile, namedObject }
  private enum Status: Int64 { case failed = 0, notVisible, attached }

  /// Regions from this size try huge pages, which must have been set aside by the administrator.
  private static let hugeBytes = 2 << 20

  private var isFirst: Bool { membership.localRank == 0 }
  private var mappedBytes: Int { RegionTrailer.mappedBytes(byteCount) }

  func make() throws -> SharedRegion {
    for way in Way.allCases {
      if way == .hugeMemoryFile && mappedBytes < 2 * ProcessRegion.hugeBytes { continue }
      guard let mapping = try attempt(way) else { continue }
      var membership = membership
      membership.waiting = WaitPolicy(
        ranks: membership.localSize, cores: RegionTrailer(mapping).processorCount)
      return SharedRegion(
        mapping: mapping, byteCount: byteCount, membership: membership, failures: failures)
    }
    throw NotShared()
  }

  /// One way to share; nil, on all ranks, when it does not work here.
  private func attempt(_ way: Way) throws -> RegionMapping? {
    var offer = Offer()
    var mapping: RegionMapping?
    defer { offer.close() }
    if isFirst {
      offer = Offer.make(huge: way == .hugeMemoryFile, named: way == .namedObject, mappedBytes)
      mapping = prepare(&offer)
    }
    var words = offer.words
    try bootstrap.broadcast(&words)
    if !isFirst { offer.words = words }
    if offer.errno != 0 {
      if way == .hugeMemoryFile { return nil }
      throw noMemory(offer.errno)
    }
    var status = Status.attached
    if !isFirst { (status, mapping) = attach(&offer, named: way == .namedObject) }
    switch Status(rawValue: try bootstrap.minimum(status.rawValue)) {
    case .attached: break
    case .notVisible: return nil
    default: throw notMapped()
    }
    guard let mapping else { return nil }
    for ranges in [owned, isFirst ? [0..<offer.mappedBytes] : []] {
      let code = -(try bootstrap.minimum(Int64(-offer.reserve(ranges))))
      if code == 0 { continue }
      if way == .hugeMemoryFile { return nil }
      throw noMemory(Int32(code))
    }
    var isPresent: Int64 = 1
    do { try mapping.populate() } catch { isPresent = 0 }
    if try bootstrap.minimum(isPresent) == 0 { throw notMapped() }
    return mapping
  }

  private func noMemory(_ code: Int32) -> CommunicationError {
    .system(
      code, call: "reserving \(byteCount) bytes of shared memory", rank: membership.rank,
      advice: "\(membership.hostName) has not got them; "
        + "free memory, raise its limit or use a smaller model")
  }

  private func notMapped() -> CommunicationError {
    CommunicationError(
      .system(errno: ENOMEM, call: "mmap"), rank: membership.rank,
      "a rank of \(membership.hostName) could not map \(byteCount) bytes of shared memory; "
        + "raise its limits (ulimit -v) or use a smaller model")
  }

  /// Maps the first rank's memory and marks it, before the others hear of it.
  private func prepare(_ offer: inout Offer) -> RegionMapping? {
    guard offer.errno == 0 else { return nil }
    do {
      let mapping = try RegionMapping.file(offer.descriptor, byteCount: offer.mappedBytes)
      let trailer = RegionTrailer(mapping)
      trailer.addProcessors()
      trailer.magic = offer.magic
      return mapping
    } catch {
      offer.fail(error)
      return nil
    }
  }

  /// Opens and maps the first rank's memory, and makes sure that it is that.
  private func attach(_ offer: inout Offer, named: Bool) -> (Status, RegionMapping?) {
    let descriptor = offer.open(named: named)
    guard descriptor >= 0 else { return (.notVisible, nil) }
    offer.opened = descriptor
    var information = stat()
    guard fstat(descriptor, &information) == 0, Int(information.st_size) == offer.mappedBytes
    else { return (.notVisible, nil) }
    guard let mapping = try? RegionMapping.file(descriptor, byteCount: offer.mappedBytes) else {
      return (.failed, nil)
    }
    let trailer = RegionTrailer(mapping)
    guard trailer.magic == offer.magic else { return (.notVisible, nil) }
    trailer.addProcessors()
    return (.attached, mapping)
  }
}

/// What the first rank tells the others: where its memory is and how to recognise it.
private struct Offer {
  var errno: Int32 = 0
  var process: Int32 = 0
  var descriptor: Int32 = -1
  var magic: UInt64 = 0
  var mappedBytes = 0
  /// This rank's own descriptor of the memory, -1 before it has opened it.
  var opened: Int32 = -1
  private var ownsName = false
  private var isOwner = false

  static func make(huge: Bool, named: Bool, _ byteCount: Int) -> Offer {
    var offer = Offer()
    offer.isOwner = true
    offer.process = getpid()
    offer.magic = UInt64.random(in: 1 ... .max)
    let page = huge ? 2 << 20 : 4096
    offer.mappedBytes = (byteCount + page - 1) / page * page
    do {
      if named {
        offer.descriptor = try systemCall("shm_open") {
          shm_open(offer.name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        }
        offer.ownsName = true
      } else {
        offer.descriptor = try systemCall("memfd_create") {
          ck_memory_file("sounder", huge ? 1 : 0)
        }
      }
      offer.opened = offer.descriptor
      try systemCall("ftruncate") { ftruncate(offer.descriptor, offer.mappedBytes) }
      // The last page, where the ranks prove that they see the same memory.
      offer.errno = offer.reserve([offer.mappedBytes - page..<offer.mappedBytes])
    } catch { offer.fail(error) }
    return offer
  }

  mutating func fail(_ error: any Error) {
    guard case .system(let code, _)? = (error as? CommunicationError)?.kind else {
      errno = EIO
      return
    }
    errno = code
  }

  var name: String { "/sounder-\(process)-\(String(magic, radix: 16))" }

  var words: [UInt64] {
    get {
      [
        UInt64(errno), UInt64(process), UInt64(bitPattern: Int64(descriptor)), magic,
        UInt64(mappedBytes),
      ]
    }
    set {
      errno = Int32(truncatingIfNeeded: newValue[0])
      process = Int32(truncatingIfNeeded: newValue[1])
      descriptor = Int32(truncatingIfNeeded: newValue[2])
      magic = newValue[3]
      mappedBytes = Int(newValue[4])
    }
  }

  /// The memory of the first rank, opened by another; -1 when it is not to be seen from here.
  func open(named: Bool) -> Int32 {
    let opened = try? systemCall("open") {
      named
        ? shm_open(name, O_RDWR | O_CLOEXEC, 0o600)
        : Foundation.open("/proc/\(process)/fd/\(descriptor)", O_RDWR | O_CLOEXEC)
    }
    return opened ?? -1
  }

  /// Takes memory for some ranges of bytes; an error number, 0 on success.
  func reserve(_ ranges: [Range<Int>]) -> Int32 {
    for range in ranges where !range.isEmpty {
      let code = posix_fallocate(opened, range.lowerBound, range.count)
      if code != 0 { return code }
    }
    return 0
  }

  /// Gives up the name and the descriptor; mappings stay.
  func close() {
    if isOwner && ownsName { shm_unlink(name) }
    if opened >= 0 { Foundation.close(opened) }
  }
}
