/// What the simulation knows of a cluster: its size, and the speeds of a host and of the network.
public struct ClusterModel: Sendable, Hashable {
  /// The number of hosts.
  public var hosts: Int
  /// Ranks on every host.
  public var ranksPerHost: Int
  /// The form of the update.
  public var update: DataParallel.Update
  /// The speed of a host.
  public var host: HostSpeed
  /// The speed of the network.
  public var link: LinkSpeed

  /// A cluster.
  public init(
    hosts: Int, ranksPerHost: Int, update: DataParallel.Update = .sharded, host: HostSpeed,
    link: LinkSpeed
  ) {
    self.hosts = hosts
    self.ranksPerHost = ranksPerHost
    self.update = update
    self.host = host
    self.link = link
  }

  /// All ranks.
  public var ranks: Int { hosts * ranksPerHost }
}

/// How fast a host adds and updates; measured by ``HostSpeed/measure(ranks:optimizer:)``.
public struct HostSpeed: Sendable, Hashable {
  /// Cores that ranks may use.
  public var cores: Int
  /// Seconds to read an element of one rank's gradient and add it.
  public var sumSeconds: Double
  /// Seconds to update an element with the optimiser.
  public var updateSeconds: Double
  /// Seconds from the last rank's arrival at a flag to everybody's leaving.
  public var flagSeconds: Double

  /// A host's speed.
  public init(cores: Int, sumSeconds: Double, updateSeconds: Double, flagSeconds: Double) {
    self.cores = cores
    self.sumSeconds = sumSeconds
    self.updateSeconds = updateSeconds
    self.flagSeconds = flagSeconds
  }
}

/// How fast the network between two hosts is.
public struct LinkSpeed: Sendable, Hashable {
  /// Bytes a second that a host sends, while it receives as many; its ranks share them.
  public var bandwidth: Double
  /// Seconds a message is on its way, besides the time its bytes take.
  public var latency: Double
  /// Seconds of a core to send or receive a byte.
  public var coreSecondsPerByte: Double

  /// A link's speed.
  public init(bandwidth: Double, latency: Double, coreSecondsPerByte: Double = 0) {
    self.bandwidth = bandwidth
    self.latency = latency
    self.coreSecondsPerByte = coreSecondsPerByte
  }
}
