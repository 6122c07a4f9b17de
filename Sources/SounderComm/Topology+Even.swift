extension Topology {
  /// The view of rank 0 of a job whose ranks are spread evenly, host by host.
  ///
  /// The first host has the most ranks. There must be at least one rank for each host.
  public static func even(ranks: Int, hosts: Int) -> Topology {
    Topology(
      hosts: (0..<ranks).map { $0 * hosts / ranks }, hostNames: (0..<hosts).map { "host\($0)" },
      rank: 0)
  }
}
