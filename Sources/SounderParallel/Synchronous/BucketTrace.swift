import SounderTrace

/// Records what happens to the buckets of a step.
final class BucketTrace {
  private var reduction: Span?
  private var update: Span?
  /// The exchanges with other hosts that are under way, by bucket.
  private var flights: [Int: Span] = [:]

  /// Notes an event; `bytes` is the size of the bucket's gradients.
  func note(_ event: ReducerEvent, bucket: Int, bytes: Int) {
    switch event {
    case .ready: Trace.instant(.bucketReady, "bucket ready", bucket, bytes)
    case .published, .collected, .met: break
    case .networkBegin:
      flights[bucket] = Trace.beginInFlight(.network, "exchange bucket", bucket, bytes)
    case .networkEnd: Trace.end(flights.removeValue(forKey: bucket))
    case .reduceBegin: reduction = Trace.begin(.bucketReduce, "reduce bucket", bucket, bytes)
    case .reduceEnd: Trace.end(reduction)
    case .updateBegin: update = Trace.begin(.bucketUpdate, "update", bucket, bytes)
    case .updateEnd: Trace.end(update)
    }
  }
}
