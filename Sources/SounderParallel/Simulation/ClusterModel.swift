/// What the simulation knows of a cluster: its size, and the speeds of a host and of the network.
public struct ClusterModel: Sendable, Hashable {
  /// The number of hosts.
  public var hosts: Int
  /// Ranks on every host.
  public var ranksPerHost: Int
  /// The form of the update.
  public var update: DataParallel.Update
  /// How far optimiser state is shared out.
  public var shardState: DataParallel.ShardState
  /// What gradients become for the way between hosts.
  public var wire: WireModel
  /// The speed of a host.
  public var host: HostSpeed
  /// The speed of the network.
  public var link: LinkSpeed

  /// A cluster.
  public init(
    hosts: Int, ranksPerHost: Int, update: DataParallel.Update = .sharded,
    shardState: DataParallel.ShardState = .host, wire: WireModel = WireModel(), host: HostSpeed,
    link: LinkSpeed
  ) {
    self.hosts = hosts
    self.ranksPerHost = ranksPerHost
    self.update = update
    self.shardState = shardState
    self.wire = wire
    self.host = host
    self.link = link
  }

  /// All ranks.
  public var ranks: Int { hosts * ranksPerHost }
}

/// How fast a host adds, updates and sends; see ``HostSpeed/measure(ranks:cores:elementCount:)``.
public struct HostSpeed: Sendable, Hashable, Codable {
  /// Cores that ranks may use.
  public var cores: Int
  /// Seconds to read an element of one gradient and add it.
  public var sumSeconds: Double
  /// Seconds to copy an element, into a message or out of one.
  public var copySeconds: Double
  /// Seconds for an element of a sum to update its parameter at once, or to be kept for later.
  public var updateSeconds: Double
  /// Seconds for an element that a rank updates after all ranks have met, where updates wait for that.
  public var finishSeconds: Double
  /// Seconds of a core for the system to send or to receive a byte over TCP.
  public var messageSeconds: Double
  /// Seconds from the last rank's arrival at a flag to everybody's leaving.
  public var flagSeconds: Double

  /// A host's speed.
  public init(
    cores: Int, sumSeconds: Double, copySeconds: Double = 0, updateSeconds: Double,
    finishSeconds: Double = 0, messageSeconds: Double = 0, flagSeconds: Double
  ) {
    self.cores = cores
    self.sumSeconds = sumSeconds
    self.copySeconds = copySeconds
    self.updateSeconds = updateSeconds
    self.finishSeconds = finishSeconds
    self.messageSeconds = messageSeconds
    self.flagSeconds = flagSeconds
  }

  /// Seconds to add an element up over gradients in so many places; a single one is used where it is.
  public func sumSeconds(of gradients: Int) -> Double {
    gradients > 1 ? Double(gradients) * sumSeconds : 0
  }
}

/// How fast the network between two hosts is.
public struct LinkSpeed: Sendable, Hashable {
  /// Bytes a second that a host sends, while it receives as many; its ranks share them.
  public var bandwidth: Double
  /// Seconds a message is on its way, besides the time its bytes take.
  public var latency: Double
  /// Seconds of a core to send or receive a byte, MPI's work included; nil takes what TCP costs on the host.
  public var coreSecondsPerByte: Double?

  /// A link's speed.
  public init(bandwidth: Double, latency: Double, coreSecondsPerByte: Double? = nil) {
    self.bandwidth = bandwidth
    self.latency = latency
    self.coreSecondsPerByte = coreSecondsPerByte
  }
}

/// How many bytes gradients are between hosts, and what writing and reading them costs.
public struct WireModel: Sendable, Hashable, Codable {
  /// Bytes of an element.
  public var bytesPerElement: Double
  /// Seconds of a core to write an element, keeping what is lost.
  public var encodeSeconds: Double
  /// Seconds of a core to read an element.
  public var decodeSeconds: Double
  /// Whether elements are coded; else they travel as they are.
  public var isCoded: Bool

  /// Elements that travel as they are.
  public init() {
    self.init(bytesPerElement: 4, encodeSeconds: 0, decodeSeconds: 0, isCoded: false)
  }

  /// Elements in another form.
  public init(
    bytesPerElement: Double, encodeSeconds: Double, decodeSeconds: Double, isCoded: Bool = true
  ) {
    self.bytesPerElement = bytesPerElement
    self.encodeSeconds = encodeSeconds
    self.decodeSeconds = decodeSeconds
    self.isCoded = isCoded
  }
}
