import Foundation
import Testing

@testable import SounderArray

@Suite("The caching allocator", .serialized)
struct AllocatorTests {
  @Test("Size classes are monotonic, hold what is asked for and waste at most a quarter")
  func sizeClasses() {
    for index in 1..<SizeClass.count {
      #expect(SizeClass.byteCount(index - 1) < SizeClass.byteCount(index))
      #expect(SizeClass.index(SizeClass.byteCount(index)) == index)
      #expect(SizeClass.index(SizeClass.byteCount(index - 1) + 1) == index)
    }
    for bytes in [0, 1, 64, 65, 512, 513, 640, 641, 1_000_000, 1 << 30] {
      let size = SizeClass.byteCount(SizeClass.index(bytes))
      #expect(size >= bytes && (bytes <= 512 || size * 4 <= bytes * 5))
    }
  }

  @Test("A freed block is handed out again, aligned to 64 bytes")
  func reuse() {
    for bytes in [1, 64, 100, 5000, 3 << 20] {
      let first = Allocator.allocate(bytes)
      #expect(Int(bitPattern: first) % 64 == 0)
      memset(first, 1, bytes)
      Allocator.deallocate(first, bytes)
      let second = Allocator.allocate(bytes)
      #expect(second == first)
      Allocator.deallocate(second, bytes)
    }
  }

  @Test("Blocks move between threads and survive their threads")
  func threads() {
    let rounds = 50
    DispatchQueue.concurrentPerform(iterations: 8) { worker in
      var held: [NDArray] = []
      for round in 0..<rounds {
        let array = Kernels.full([(worker + 1) * 97 * (round % 7 + 1)], .int(worker), .int64)
        held.append(array)
        if held.count > 10 { held.removeFirst(5) }
      }
      #expect(held.allSatisfy { $0.toArray(as: Int.self).allSatisfy { $0 == worker } })
    }
  }

  @Test("A thread that ends leaves its blocks to the others")
  func threadExit() throws {
    let bytes = 77 << 10
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { _ in
        let blocks = (0..<8).map { _ in Allocator.allocate(77 << 10) }
        for block in blocks { Allocator.deallocate(block, 77 << 10) }
        return nil
      }, nil)
    pthread_join(thread, nil)
    let sizeClass = SizeClass.index(bytes)
    let left = BlockPool.shared.take(sizeClass, upTo: 8)
    #expect(left.count == 8)
    var block = left.head
    while let current = block {
      block = current.load(as: UnsafeMutableRawPointer?.self)
      Allocator.deallocate(current, bytes)
    }
  }

  @Test("A repeated computation asks the system for nothing")
  func steadyState() {
    func step() {
      let x = Kernels.zeros([64, 784])
      let w = Kernels.zeros([128, 784])
      let h = Kernels.relu(Kernels.linear(x, w, nil))
      _ = Kernels.mm(Kernels.t(h), x)
      _ = Kernels.zeros([1 << 20])
    }
    // The other suites run beside this one, so a run without system allocations is waited for.
    let quiet = (0..<1000).contains { _ in
      step()
      let before = AllocatorStatistics.current.systemAllocations
      for _ in 0..<5 { step() }
      return AllocatorStatistics.current.systemAllocations == before
    }
    #expect(quiet)
    #expect(AllocatorStatistics.current.bytesCached > 0)
  }
}
