import Foundation
import SounderComm

/// The most memory that the ranks and hosts of a job have had, as ``MemoryPlan`` predicts it.
struct MeasuredMemory {
  /// Memory of each rank's own; ranks that are threads divide that of their process.
  let ranks: [Int]
  /// Memory that the ranks of each host share, counted once.
  let shared: [Int]
  /// All memory of each host: its ranks' own, what they share, and once the pages of the program.
  let hosts: [Int]

  /// Asks all ranks; every rank calls this.
  ///
  /// - Parameter regionBytes: the memory that the ranks of this host share in this job's regions.
  /// - Throws: ``CommunicationError``.
  init(_ group: any ProcessGroup, regionBytes: Int) throws {
    let memory = ProcessMemory.current
    let topology = group.topology
    // Regions of one process are memory of its own to the system: threads, and a job without a launcher.
    let isProcess = memory.shared > 0
    let columns = [
      isProcess ? memory.privatePeak : max(memory.privatePeak - regionBytes, 0), memory.file,
      isProcess ? memory.shared : regionBytes, Int(getpid()),
    ]
    var table = [Int64](repeating: 0, count: group.size * columns.count)
    for (index, value) in columns.enumerated() {
      table[group.rank * columns.count + index] = Int64(value)
    }
    try table.withUnsafeMutableBytes { try group.allReduce($0, .int64, .sum) }
    func value(_ rank: Int, _ column: Int) -> Int { Int(table[rank * columns.count + column]) }
    let processes = (0..<group.size).map { [topology.hosts[$0], value($0, 3)] }
    ranks = (0..<group.size).map { rank in
      value(rank, 0) / processes.count { $0 == processes[rank] }
    }
    let members = (0..<topology.hostCount).map { topology.ranks(onHost: $0) }
    shared = members.map { $0.map { value($0, 2) }.max() ?? 0 }
    hosts = zip(members, shared).map { [ranks] members, shared in
      members.reduce(0) { $0 + ranks[$1] } + shared + (members.map { value($0, 1) }.max() ?? 0)
    }
  }

  /// The figures as a member of the summary.
  var json: JSONObject {
    func list(_ values: [Int]) -> JSONValue { .array(values.map(JSONValue.integer)) }
    return ["rank_bytes": list(ranks), "shared_bytes": list(shared), "host_bytes": list(hosts)]
  }
}
