import Foundation
import Testing

@testable import SounderComm

@Suite struct ProcessEntryTests {
  @Test("This process has the parent that the system names") func parent() throws {
    let entry = try #require(ProcessEntry(number: Int(getpid())))
    #expect(entry.parent == Int(getppid()))
    #expect(entry.start > 0)
    #expect(!entry.name.isEmpty)
  }

  @Test("A number that no process has gives nothing") func absent() {
    #expect(ProcessEntry(number: Int(Int32.max)) == nil)
  }

  @Test("Ancestors begin with the parent and are older than their children") func ancestors() {
    let entries = Array(ProcessEntry.ancestors)
    #expect(entries.first?.number == Int(getppid()))
    #expect(zip(entries, entries.dropFirst()).allSatisfy { $0.start >= $1.start })
  }
}
