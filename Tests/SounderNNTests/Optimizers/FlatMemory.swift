import SounderArray

@testable import SounderNN

/// Parameters and optimiser state in Swift arrays, stepped through a `FlatOptimizer`.
struct FlatMemory<Element: ArrayElement & BinaryFloatingPoint> {
  let optimizer: FlatOptimizer
  var parameters: [Element]
  var state: [[Element]]

  init(_ configuration: OptimizerConfiguration, _ parameters: [Element]) {
    optimizer = FlatOptimizer(configuration, dtype: Element.dtype)
    self.parameters = parameters
    state = Array(
      repeating: Array(repeating: 0, count: parameters.count), count: optimizer.stateSlotCount)
  }

  mutating func step(
    _ number: Int, _ gradients: [Element], ranges: [Range<Int>]? = nil, scale: Double = 1
  ) {
    let pointers = state.map { slot in
      let pointer = UnsafeMutablePointer<Element>.allocate(capacity: slot.count)
      pointer.initialize(from: slot, count: slot.count)
      return pointer
    }
    let rate = optimizer.configuration.learningRate
    parameters.withUnsafeMutableBytes { parameters in
      gradients.withUnsafeBytes { gradients in
        for range in ranges ?? [gradients.indices(of: Element.self)] {
          optimizer.update(
            range, parameters: parameters.baseAddress!, gradients: gradients.baseAddress!,
            state: pointers.map { UnsafeMutableRawPointer($0) }, step: number, learningRate: rate,
            gradientScale: scale)
        }
      }
    }
    for (index, pointer) in pointers.enumerated() {
      state[index] = Array(UnsafeBufferPointer(start: pointer, count: state[index].count))
      pointer.deallocate()
    }
  }
}

extension UnsafeRawBufferPointer {
  fileprivate func indices<Element>(of: Element.Type) -> Range<Int> {
    0..<count / MemoryLayout<Element>.stride
  }
}

extension [Double] {
  /// Whether all elements agree up to `tolerance`, relative above one and absolute below.
  func isClose(to other: [Double], within tolerance: Double) -> Bool {
    count == other.count
      && zip(self, other).allSatisfy { abs($0 - $1) <= tolerance * Swift.max(1, abs($1)) }
  }
}
