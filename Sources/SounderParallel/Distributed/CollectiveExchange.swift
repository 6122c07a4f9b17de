import SounderArray
import SounderComm

/// One collective among the ranks of a context, by messages, so that a rank that fails stops nobody
/// for good.
///
/// Reductions follow the tree over ranks of ``ReduceOperation``: all ranks get the same bits, those
/// of the group's own collectives. Long ones of more than two ranks are reduced slice by slice, so
/// that a rank sends 2 (N − 1) / N times its bytes. A rank that has no gradient takes part without
/// data.
struct CollectiveExchange {
  let context: AutogradContext
  let call: CollectiveCall
  /// The collective's number, with a bit for its way back.
  let number: UInt64
  /// The edge of a way back; nil in the forward pass.
  var edge: UInt64?

  /// What came of it.
  struct Outcome {
    /// The result; nil if no rank had data, or it is not for this rank.
    var array: NDArray?
    /// Whether the part of any rank requires a gradient.
    var requiresGrad: Bool
  }

  /// Up to this size every rank reduces everything.
  private static let directBytes = 32 << 10

  func run(_ input: NDArray?, requiresGrad: Bool = false) throws -> Outcome {
    let everyone = Array(0..<size)
    let input = input?.contiguous()
    let bytes = call.shape.elementCount * call.dtype.byteSize
    let part = Part(input: input, requiresGrad: requiresGrad)
    switch call.kind {
    case .broadcast:
      return try exchange(
        part, from: [call.root], to: context.rank == call.root ? everyone : [],
        outgoing: { _ in 0..<bytes }, incoming: { _ in bytes }
      ).outcome(call.shape, call.dtype)
    case .allGather:
      return try exchange(part, outgoing: { _ in 0..<bytes }, incoming: { _ in bytes })
        .outcome(stacked, call.dtype)
    case .allToAll:
      let width = bytes / size
      return try exchange(
        part, outgoing: { $0 * width..<($0 + 1) * width }, incoming: { _ in width }
      ).outcome(call.shape, call.dtype)
    case .reduceScatter:
      let width = bytes / size
      return reduced(
        try exchange(part, outgoing: { $0 * width..<($0 + 1) * width }, incoming: { _ in width }),
        Shape([call.shape[0] / size] + call.shape.dropFirst()))
    case .reduce:
      let isRoot = context.rank == call.root
      let received = try exchange(
        part, from: isRoot ? everyone : [], to: [call.root],
        outgoing: { _ in 0..<bytes }, incoming: { _ in bytes })
      return isRoot ? reduced(received, call.shape) : received.outcome(nil, call.dtype)
    case .allReduce: return try allReduce(part, bytes)
    }
  }

  /// The shape of the inputs of all ranks one after the other.
  var stacked: Shape {
    call.shape.isEmpty ? [size] : Shape([call.shape[0] * size] + call.shape.dropFirst())
  }

  private var size: Int { context.size }

  private func allReduce(_ part: Part, _ bytes: Int) throws -> Outcome {
    if size <= 2 || bytes <= CollectiveExchange.directBytes {
      return reduced(
        try exchange(part, outgoing: { _ in 0..<bytes }, incoming: { _ in bytes }), call.shape)
    }
    let width = call.dtype.byteSize
    let slices = (0..<size).map { rank in
      let range = slice(of: bytes / width, part: rank, parts: size, elementBytes: width)
      return range.lowerBound * width..<range.upperBound * width
    }
    let own = slices[context.rank]
    let sum = reduced(
      try exchange(part, outgoing: { slices[$0] }, incoming: { _ in own.count }),
      [own.count / width])
    guard let result = sum.array else { return sum }
    return try exchange(
      Part(input: result, requiresGrad: sum.requiresGrad), phase: 1,
      outgoing: { _ in 0..<own.count }, incoming: { slices[$0].count }
    ).outcome(call.shape, call.dtype)
  }

  // MARK: Messages

  /// What this rank contributes.
  private struct Part {
    let input: NDArray?
    let requiresGrad: Bool
  }

  /// What all ranks sent here, in rank order; zeros of those who had nothing.
  private struct Received {
    let bytes: NDArray
    let isEmpty: Bool
    let requiresGrad: Bool

    func outcome(_ shape: Shape?, _ dtype: DType) -> Outcome {
      guard let shape, !isEmpty else { return Outcome(array: nil, requiresGrad: requiresGrad) }
      let array = NDArray(
        storage: bytes.storage, dtype: dtype, shape: shape, strides: shape.contiguousStrides)
      return Outcome(array: array, requiresGrad: requiresGrad)
    }
  }

  /// Posts a range of this rank's bytes to each receiver and takes what the senders have posted.
  private func exchange(
    _ part: Part, from senders: [Int]? = nil, to receivers: [Int]? = nil, phase: UInt64 = 0,
    outgoing: (Int) -> Range<Int>, incoming: (Int) -> Int
  ) throws -> Received {
    let number = number << 1 | phase
    for other in receivers ?? Array(0..<size) {
      let message = ContextMessage(.part, number, in: context.id) { writer in
        call.write(to: &writer)
        writer.write(UInt8((part.input == nil ? 0 : 1) | (part.requiresGrad ? 2 : 0)))
        guard let input = part.input else { return }
        let all = UnsafeRawBufferPointer(
          start: input.pointer, count: input.count * input.dtype.byteSize)
        writer.append(UnsafeRawBufferPointer(rebasing: all[outgoing(other)]))
      }
      try context.mailroom.post(message, to: other)
    }
    let senders = senders ?? Array(0..<size)
    let total = senders.reduce(0) { $0 + incoming($1) }
    let buffer = NDArray(uninitialized: [total], .uint8)
    var (isEmpty, requiresGrad, offset) = (true, part.requiresGrad, 0)
    for other in senders {
      let message = try context.take(
        .part, number, from: other, edge: edge, "\(call.kind)")
      let target = UnsafeMutableRawBufferPointer(
        start: buffer.pointer + offset, count: incoming(other))
      let flags = try read(message, from: other, into: target)
      if flags & 1 != 0 { isEmpty = false }
      if flags & 2 != 0 { requiresGrad = true }
      offset += target.count
    }
    return Received(bytes: buffer, isEmpty: isEmpty, requiresGrad: requiresGrad)
  }

  private func read(
    _ message: ContextMessage, from other: Int, into target: UnsafeMutableRawBufferPointer
  ) throws -> UInt8 {
    var body = message.body
    let theirs = CollectiveCall(&body)
    guard theirs == call else {
      throw DistributedAutogradError(
        .mismatch, rank: context.rank, operation: "\(call.kind)",
        "collective \(number >> 1) of context \(context.id) differs: rank \(context.rank) called "
          + "\(call), rank \(other) called \(theirs.map { "\($0)" } ?? "something unknown")")
    }
    let flags = body.byte()
    body.withRest { rest in
      if rest.isEmpty {
        _ = target.initializeMemory(as: UInt8.self, repeating: 0)
      } else {
        target.copyMemory(from: rest)
      }
    }
    return flags
  }

  /// The sum, or mean, of equally long parts of all ranks.
  private func reduced(_ received: Received, _ shape: Shape) -> Outcome {
    guard !received.isEmpty else {
      return Outcome(array: nil, requiresGrad: received.requiresGrad)
    }
    let result = NDArray(uninitialized: shape, call.dtype)
    let bytes = result.count * call.dtype.byteSize
    // Complex numbers add like pairs of real ones.
    let element =
      call.dtype == .complex64 ? .float32 : call.dtype == .complex128 ? .float64 : call.dtype
    let kernel = ReductionKernel(call.operation, element, ranks: size)
    kernel(
      (0..<size).map { UnsafeRawPointer(received.bytes.pointer + $0 * bytes) },
      into: result.pointer, count: bytes / element.byteSize)
    return Outcome(array: result, requiresGrad: received.requiresGrad)
  }
}
