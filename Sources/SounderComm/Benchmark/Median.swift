extension Collection<Double> {
  /// The middle value, of an even number the upper of the two in the middle; 0 without values.
  package var median: Double { isEmpty ? 0 : sorted()[count / 2] }
}
