import SounderArray
import SounderComm

/// What a rank asks of a collective; all ranks must ask the same.
struct CollectiveCall: Equatable {
  enum Kind: UInt8 {
    case allReduce = 1, allGather, reduceScatter, broadcast, allToAll, reduce
  }

  let kind: Kind
  var operation = ReduceOperation.sum
  let dtype: DType
  /// The extents of each rank's input; of the output too where the input is empty.
  let shape: Shape
  var root = 0

  /// The collective that takes gradients of the outputs to gradients of the inputs.
  ///
  /// - Parameter output: The shape of this collective's output.
  func adjoint(output: Shape) -> CollectiveCall {
    var result = CollectiveCall(kind: adjointKind, dtype: dtype, shape: output, root: root)
    if kind == .allReduce { result.operation = operation }
    return result
  }

  private var adjointKind: Kind {
    switch kind {
    case .allReduce: .allReduce
    case .allGather: .reduceScatter
    case .reduceScatter: .allGather
    case .broadcast: .reduce
    case .reduce: .broadcast
    case .allToAll: .allToAll
    }
  }
}

extension CollectiveCall: CustomStringConvertible {
  var description: String {
    let what = "\(dtype.name)\(shape)"
    switch kind {
    case .allReduce, .reduceScatter: return "\(kind) \(operation) of \(what)"
    case .broadcast: return "broadcast of \(what) from rank \(root)"
    case .reduce: return "reduce of \(what) to rank \(root)"
    case .allGather, .allToAll: return "\(kind) of \(what)"
    }
  }
}

extension CollectiveCall {
  func write(to writer: inout ByteWriter) {
    writer.write(kind.rawValue)
    writer.write(operation.rawValue)
    writer.write(dtype.rawValue)
    writer.write(root)
    writer.write(shape.map { UInt64($0) })
  }

  init?(_ reader: inout ByteReader) {
    guard let kind = Kind(rawValue: reader.byte()),
      let operation = ReduceOperation(rawValue: reader.byte()),
      let dtype = DType(rawValue: reader.byte())
    else { return nil }
    self.kind = kind
    self.operation = operation
    self.dtype = dtype
    root = reader.int()
    shape = Shape(reader.words().map { Int($0) })
  }
}
