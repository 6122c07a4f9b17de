import SounderArray
import Testing

@Suite("Kernels that index")
struct IndexingKernelTests {
  private let x = Kernels.reshape(Kernels.arange(.int(60)), [3, 4, 5])

  private func element(_ position: [Int]) -> Int {
    (position[0] * 4 + position[1]) * 5 + position[2]
  }

  @Test(
    "Indices of neighbouring dimensions stay in their place, others come first",
    arguments: [
      [true, true, false], [false, true, true], [true, false, true], [false, true, false],
    ])
  func placesOfDimensions(isIndexed: [Bool]) {
    let index = [[2, 0], [1, -2], [0, 3]]
    let picked = isIndexed.indices.map { isIndexed[$0] ? NDArray(index[$0]) : nil }
    let result = Kernels.index(x, picked)
    let indexed = isIndexed.indices.filter { isIndexed[$0] }
    let kept = isIndexed.indices.filter { !isIndexed[$0] }
    let comeFirst = indexed == [0, 2] || indexed.first == 0
    let before = comeFirst ? [] : kept.filter { $0 < indexed[0] }
    let extents = [3, 4, 5]
    var expected: [Int] = []
    // The slow reference: every combination of kept indices, with the index of tensors in its place.
    func visit(_ position: [Int], _ dimensions: ArraySlice<Int>) {
      guard let dimension = dimensions.first else { return expected.append(element(position)) }
      let count = dimension < 0 ? 2 : extents[dimension]
      for step in 0..<count {
        var next = position
        if dimension >= 0 {
          next[dimension] = step
        } else {
          for axis in indexed {
            let value = index[axis][step]
            next[axis] = value < 0 ? value + extents[axis] : value
          }
        }
        visit(next, dimensions.dropFirst())
      }
    }
    visit([0, 0, 0], (before + [-1] + kept.filter { !before.contains($0) })[...])
    #expect(result.toArray(as: Int.self) == expected)
  }

  @Test("A mask picks its true elements in order")
  func mask() {
    let mask = Kernels.gt(x, 55)
    #expect(Kernels.index(x, [mask]).toArray(as: Int.self) == [56, 57, 58, 59])
    #expect(Kernels.argwhere(mask).shape == [4, 3])
  }

  @Test("Values are put, and added as often as an index occurs", arguments: [false, true])
  func put(accumulate: Bool) {
    let index: [NDArray?] = [nil, NDArray([1, 1, -1])]
    let values = NDArray([10, 10, 20])
    let zeros = Kernels.zeros([2, 3], .int64)
    let result = Kernels.indexPut(zeros, index, values, accumulate)
    let once = accumulate ? 20 : 10
    #expect(result.toArray(as: Int.self) == [0, once, 20, 0, once, 20])
    #expect(zeros.toArray(as: Int.self) == [0, 0, 0, 0, 0, 0])
  }

  @Test("Slices of a strided array are taken as of a contiguous one", arguments: [0, 1, 2])
  func stridedSlices(dim: Int) {
    let strided = Kernels.transpose(x, 0, 2)
    let index = NDArray([1, 0, 2, 2, 1, 0, 1])
    let few = NDArray([2, 1])
    for names in [index, few] {
      let result = Kernels.indexSelect(strided, dim, names)
      let copy = Kernels.indexSelect(strided.contiguous(), dim, names)
      #expect(result.toArray(as: Int.self) == copy.toArray(as: Int.self))
    }
  }

  @Test(
    "Elements that meet are combined, with or without the one that was there",
    arguments: [
      ("sum", true, [8, 2, 4]), ("sum", false, [7, 2, 4]), ("prod", true, [12, 2, 4]),
      ("mean", true, [2, 2, 4]), ("amax", false, [4, 2, 4]), ("amin", true, [1, 2, 4]),
    ])
  func reductions(reduce: String, includeSelf: Bool, expected: [Int]) {
    let result = Kernels.scatterReduce(
      NDArray([1, 2, 4]), 0, NDArray([0, 0]), NDArray([3, 4]), reduce, includeSelf)
    #expect(result.toArray(as: Int.self) == expected)
  }

  @Test("Rolling and flipping twice gives the array back")
  func rearranging() {
    let rolled = Kernels.roll(Kernels.roll(x, [7, -2], [2, 0]), [-7, 2], [2, 0])
    #expect(rolled.toArray(as: Int.self) == x.toArray(as: Int.self))
    let flipped = Kernels.flip(Kernels.flip(x, [0, -1]), [2, 0])
    #expect(flipped.toArray(as: Int.self) == x.toArray(as: Int.self))
    #expect(Kernels.roll(NDArray([1, 2, 3]), [4]).toArray(as: Int.self) == [3, 1, 2])
  }

  @Test("An index out of range ends the program with the index, dimension and shape")
  func outOfRange() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Kernels.index(Kernels.zeros([2, 3], .float32), [nil, NDArray([0, 3])])
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("index 3 is out of range for dimension 1 of shape [2, 3]"))
  }
}
