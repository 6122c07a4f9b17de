import SounderComm

// What owners have summed up, or have made of it, goes to the other hosts.
extension LaneExchange {
  func didUpdate(bucket: Int) throws {
    guard gathersParameters, lane.index != nil else { return }
    try gather(bucket)
  }

  /// Sends the outcome of this rank's part to the other hosts, and receives theirs.
  func gather(_ index: Int) throws {
    let transfer = transfers[index]
    transfer.stage = .gathering
    if let own = transfer.outcomes[lane.host] { writeOutcome(of: transfer, into: own) }
    for host in lane.otherHosts {
      if let message = transfer.outcomes[host] {
        transfer.awaited.append(
          try channel.receive(message.bytes, from: lane.ranks[host], tag: tag(index, 1)))
      }
      if let own = transfer.outcomes[lane.host] {
        try send(own, of: transfer, to: host, tag(index, 1))
      }
    }
  }

  private func writeOutcome(of transfer: BucketTransfer, into message: MessageBuffer) {
    if gathersParameters {
      transfer.owned.pack(memory.parameters, into: message.floats)
    } else {
      sums.writeOutcome(transfer.owned, into: message)
    }
  }

  func takeOutcomes(of transfer: BucketTransfer) {
    for host in lane.otherHosts {
      guard let message = transfer.outcomes[host] else { continue }
      if gathersParameters {
        transfer.parts[host].unpack(message.floats, into: memory.parameters)
      } else {
        sums.takeOutcome(transfer.parts[host], from: message)
      }
    }
  }
}
