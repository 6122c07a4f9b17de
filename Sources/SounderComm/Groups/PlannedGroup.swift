import Foundation
import SounderArray

/// A rank of a job that is only being planned: it knows where ranks would run, and nobody answers.
///
/// Collectives return as if all ranks had this rank's values. The first shared region that is asked for
/// ends the plan: ``makeSharedRegion(byteCount:)`` notes its size and throws, so that code which prepares
/// a job says how much memory its ranks would share without taking it.
package final class PlannedGroup: ProcessGroup, @unchecked Sendable {
  // @unchecked: used by one thread.

  /// Thrown where the plan ends.
  package struct RegionWanted: Error {
    /// The bytes of the region.
    package let byteCount: Int
  }

  package let topology: Topology
  package let board: RankBoard

  /// A rank with this view of the job.
  package init(_ topology: Topology) {
    self.topology = topology
    board = RankBoard(rank: topology.rank, hostName: topology.hostName)
  }

  package var rank: Int { topology.rank }
  package var size: Int { topology.size }

  package func barrier() throws {}
  package func broadcast(_ buffer: UnsafeMutableRawBufferPointer, root: Int) throws {}
  package func allReduce(
    _ buffer: UnsafeMutableRawBufferPointer, _ type: DType, _ operation: ReduceOperation
  ) throws {}

  package func allGather(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws {
    for part in 0..<size {
      UnsafeMutableRawBufferPointer(rebasing: output[part * input.count..<(part + 1) * input.count])
        .copyMemory(from: input)
    }
  }

  package func reduceScatter(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, _ type: DType,
    _ operation: ReduceOperation
  ) throws {
    output.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[0..<output.count]))
  }

  package func send(_ buffer: UnsafeRawBufferPointer, to rank: Int, tag: Int) throws {
    throw alone("send")
  }
  package func receive(_ buffer: UnsafeMutableRawBufferPointer, from rank: Int, tag: Int) throws {
    throw alone("receive")
  }
  package func makeMessagePort() throws -> any MessagePort { throw alone("makeMessagePort") }
  package func makeTransferChannel() throws -> any TransferChannel {
    throw alone("makeTransferChannel")
  }

  package func split(color: Int?, key: Int) throws -> (any ProcessGroup)? { throw alone("split") }

  package func makeSharedRegion(byteCount: Int) throws -> SharedRegion {
    throw RegionWanted(byteCount: RegionTrailer.mappedBytes(byteCount))
  }

  package func fail(_ error: any Error) {}
  package func abort(_ error: any Error, exitCode: Int32) {}

  private func alone(_ operation: String) -> CommunicationError {
    CommunicationError(
      .launch, rank: rank, "\(operation): the job is only planned, no rank answers")
  }
}
