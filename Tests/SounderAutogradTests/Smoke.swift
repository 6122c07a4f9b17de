import Testing
import SounderArray
@testable import SounderAutograd
import Foundation

@Test func smoke() throws {
  let w = try Tensor([1, 2, 3] as [Float]).requiresGrad()
  let loss = (w * w).sum()
  try loss.backward()
  #expect(w.grad?.floats() == [2, 4, 6])
  var chain = w
  for _ in 0..<1_000_000 { chain = chain + 1.0 }
  try chain.sum().backward()
}
@Test func perf() throws {
  let clock = ContinuousClock()
  let x = try Tensor([1.0001] as [Float]).requiresGrad()
  let c = Tensor([1.0001] as [Float])
  var bestF = 1e9, bestB = 1e9, bestK = 1e9
  for _ in 0..<300 {
    let t0 = clock.now
    var y = x
    for _ in 0..<1000 { y = y * c }
    let t1 = clock.now
    try y.backward()
    let t2 = clock.now
    var z = c.array
    for _ in 0..<1000 { z = Kernels.mul(z, c.array) }
    let t3 = clock.now
    bestF = min(bestF, Double((t1 - t0).components.attoseconds) / 1e9 / 1000)
    bestB = min(bestB, Double((t2 - t1).components.attoseconds) / 1e9 / 1000)
    bestK = min(bestK, Double((t3 - t2).components.attoseconds) / 1e9 / 1000)
  }
  print("forward", bestF, "backward", bestB, "kernel", bestK)
}
