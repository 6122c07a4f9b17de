import SounderComm

extension LaneExchange {
  /// Completes the squared norms of pieces, of which owners know those of their parts.
  func join(norms: UnsafeMutablePointer<Double>, of pieces: PieceNumbers) throws {
    guard gathersParameters, lane.index != nil, let buckets else { return }
    let numbers = (0..<lane.hostCount).map { host in
      var numbers: [Int] = []
      for bucket in buckets.buckets {
        for segment in lane.part(of: bucket, on: host) {
          pieces.forEach(of: segment) { number, _ in numbers.append(number) }
        }
      }
      return numbers
    }
    let messages = numbers.map { MessageBuffer(words: $0.count, payloadBytes: 0) }
    for (place, number) in numbers[lane.host].enumerated() {
      messages[lane.host].words[place] = norms[number].bitPattern
    }
    var open: [any Transfer] = []
    for host in lane.otherHosts {
      open.append(
        try channel.receive(messages[host].bytes, from: lane.ranks[host], tag: Self.normTag))
      open.append(
        try channel.send(
          UnsafeRawBufferPointer(messages[lane.host].bytes), to: lane.ranks[host],
          tag: Self.normTag))
    }
    try wait("the gradient's norm over hosts") {
      open = try open.filter { try !$0.isComplete() }
      return open.isEmpty
    }
    for host in lane.otherHosts {
      for (place, number) in numbers[host].enumerated() {
        norms[number] = Double(bitPattern: messages[host].words[place])
      }
    }
  }
}
