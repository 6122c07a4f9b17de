/// Looks at what a rank has computed before other ranks see it.
///
/// The reducer calls it for every parameter of a bucket that this rank has used, just before the bucket
/// is published, once for each partial sum the rank holds. A gradient that is refused on any rank makes all
/// ranks leave the step out: nothing is updated, ``DataParallel/Outcome/isSkipped`` is true. For that the
/// updates must wait for the verdict: set ``Reducer/mayRefuse``.
protocol GradientInspector: AnyObject {
  /// Whether the gradient of a parameter may be used.
  ///
  /// - Parameters:
  ///   - parameter: The number of the parameter in the layout.
  ///   - values: The sum of this rank's shards, or of some of them, in words of 4 bytes whatever the type
  ///     of the parameter.
  /// - Throws: what shall end the job; the other ranks learn of it.
  func accepts(parameter: Int, values: UnsafeBufferPointer<Float>) throws -> Bool
}
