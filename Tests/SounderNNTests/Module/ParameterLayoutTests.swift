import SounderArray
import SounderAutograd
import Testing

@testable import SounderNN

@Suite("Parameters in flat memory")
struct ParameterLayoutTests {
  @Test("Every parameter begins on a cache line")
  func alignment() {
    let layout = MLP(5, hidden: [3], 2).parameterLayout()
    #expect(layout.entries.map(\.offset) == [0, 16, 32, 48])
    #expect(layout.entries.map(\.range) == [0..<15, 16..<19, 32..<38, 48..<50])
    #expect(layout.elementCount == 64)
  }

  @Test("Bound parameters keep identity and values, and see what others write")
  func binding() throws {
    let model = MLP(5, hidden: [3], 2)
    let replica = MLP(5, hidden: [3], 2)
    let parameters = model.parameters
    let before = parameters.map { $0.floats() }
    let memory = Storage(byteCount: model.parameterLayout().elementCount * 4)
    model.bindParameters(to: memory.base, owner: memory)
    replica.bindParameters(to: memory.base, owner: memory, copying: false)
    #expect(zip(parameters, model.parameters).allSatisfy { $0 === $1 })
    #expect(model.parameters.map { $0.floats() } == before)
    #expect(replica.parameters.map { $0.floats() } == before)

    memory.base.assumingMemoryBound(to: Float.self)[16] = 42
    #expect(model.parameters[1].floats()[0] == 42)
    #expect(replica.parameters[1].floats()[0] == 42)

    try model(Tensor.ones([2, 5])).sum().backward()
    #expect(model.parameters.allSatisfy { $0.grad != nil })
    SGD(model.parameters, learningRate: 0.5).step()
    #expect(replica.parameters.map { $0.floats() } == model.parameters.map { $0.floats() })
  }

  @Test("The memory lives as long as a parameter that is bound to it")
  func ownership() {
    weak var weakMemory: Storage?
    let model = Sequential(Linear(2, 2))
    do {
      let memory = Storage(byteCount: model.parameterLayout().elementCount * 4)
      weakMemory = memory
      model.bindParameters(to: memory.base, owner: memory)
    }
    #expect(weakMemory != nil)
    #expect(model.parameters[0].floats().allSatisfy { $0.isFinite })
  }
}
