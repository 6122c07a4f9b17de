import Testing

@testable import SounderArray

@Suite("Digests")
struct DigestTests {
  private func digest(_ bytes: [UInt8]) -> Digest {
    var digest = Digest()
    bytes.withUnsafeBytes { digest.add($0) }
    return digest
  }

  @Test("Every bit and the length count", arguments: [0, 1, 31, 32, 33, 64, 100])
  func bits(count: Int) {
    var stream = RandomStream(seed: 4, stream: UInt64(count))
    let bytes = (0..<count).map { _ in UInt8(stream.next(below: 256)) }
    var seen: Set<Digest> = [digest(bytes), digest(bytes + [0])]
    for bit in 0..<8 * count {
      var changed = bytes
      changed[bit / 8] ^= 1 << (bit % 8)
      seen.insert(digest(changed))
    }
    #expect(seen.count == 8 * count + 2)
    #expect(digest(bytes) == digest(bytes))
  }

  @Test("Zeros of different lengths differ")
  func zeros() {
    #expect(Set((0..<200).map { digest(Array(repeating: 0, count: $0)) }).count == 200)
  }

  @Test("Type and shape of an array count, its layout does not matter")
  func arrays() {
    func digest(_ array: NDArray) -> Digest {
      var digest = Digest()
      digest.add(array)
      return digest
    }
    let array = NDArray([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
    let turned = Kernels.transpose(NDArray([1, 4, 2, 5, 3, 6] as [Float], shape: [3, 2]), 0, 1)
    #expect(digest(array) == digest(turned))
    #expect(digest(array) != digest(NDArray([1, 2, 3, 4, 5, 6] as [Float], shape: [3, 2])))
    #expect(digest(array) != digest(NDArray([1, 2, 3, 4, 5, 7] as [Float], shape: [2, 3])))
  }

  @Test("The program has one digest")
  func program() {
    var words: [UInt64] = [0, 0]
    #expect(Digest.program.words != words)
    words = Digest.program.words
    #expect(Digest.program.words == words && Digest.program.description.count == 32)
  }
}
