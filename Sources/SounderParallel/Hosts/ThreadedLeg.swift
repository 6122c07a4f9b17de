import SounderComm

/// A network leg with a thread of its own that moves transfers on while the rank computes.
///
/// MPI moves nothing while nobody calls it. A rank calls between two operators of its backward pass,
/// which for a large matrix product may be far too seldom; the thread calls every few tens of
/// microseconds, for the price of a core. What is added up and in which order does not change.
final class ThreadedLeg: NetworkLeg {
  private let mover: TransferMover
  private let thread: RankThread

  init(_ base: any NetworkLeg) {
    let mover = TransferMover(base)
    self.mover = mover
    thread = RankThread { mover.run() }
  }

  deinit {
    mover.stop()
    thread.join()
  }

  // MARK: What never changes

  var hostSums: [HostSum] { mover.base.hostSums }
  var results: [TreeSum.Leaf] { mover.base.results }
  var gathersParameters: Bool { mover.base.gathersParameters }
  var sendsEveryHeader: Bool { mover.base.sendsEveryHeader }
  func slice(of bucket: BucketPlan.Bucket) -> [BucketPlan.Segment] { mover.base.slice(of: bucket) }
  func contribution(to bucket: BucketPlan.Bucket) -> [BucketPlan.Segment] {
    mover.base.contribution(to: bucket)
  }

  // MARK: Under the lock

  func beginStep(_ step: Int, buckets: BucketPlan) throws {
    try mover.alone { try $0.beginStep(step, buckets: buckets) }
  }
  func begin(bucket: Int, header: BucketHeader) throws {
    try mover.alone { try $0.begin(bucket: bucket, header: header) }
  }
  func begin(report: UnsafeMutablePointer<Double>) throws {
    try mover.alone { try $0.begin(report: report) }
  }
  func finish(bucket: Int) throws -> BucketHeader {
    try mover.alone { try $0.finish(bucket: bucket) }
  }
  func join(norms: UnsafeMutablePointer<Double>, of pieces: PieceNumbers) throws {
    try mover.alone { try $0.join(norms: norms, of: pieces) }
  }
  func didUpdate(bucket: Int) throws { try mover.alone { try $0.didUpdate(bucket: bucket) } }
  func endStep(isRefused: Bool) throws {
    try mover.alone { try $0.endStep(isRefused: isRefused) }
  }
  var sentBytes: Int { mover.read { $0.sentBytes } }
  var compressionState: CompressionState {
    get { mover.read { $0.compressionState } }
    set { mover.read { $0.compressionState = newValue } }
  }

  // MARK: Without waiting

  // Who finds the lock taken finds the thread at work.
  var isBusy: Bool { mover.glance { $0.isBusy } ?? true }
  func progress() throws { _ = try mover.glance { try $0.progress() } }
  func moveTransfers() throws { _ = try mover.glance { try $0.moveTransfers() } }
  func isComplete(bucket: Int) throws -> Bool {
    try mover.glance { try $0.isComplete(bucket: bucket) } ?? false
  }
}
