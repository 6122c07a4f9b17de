import SounderArray
import SounderAutograd

extension AutogradContext {
  /// Sends a tensor to a rank, which must receive it; returns at once.
  ///
  /// A differentiable operator: the gradient of the received tensor comes back to this one. Tensors
  /// with one tag arrive in the order they were sent.
  /// - Throws: ``DistributedAutogradError`` if the context has failed.
  public func send(_ tensor: Tensor, to receiver: Int, tag: Int = 0) throws {
    require(
      receiver >= 0 && receiver < size, "send: there is no rank \(receiver) in a group of \(size)")
    try perform("send to rank \(receiver)") {
      let number = nextMessage()
      let isRecorded = isGradientEnabled && tensor.requiresGrad
      let message = ContextMessage(.activation, UInt64(bitPattern: Int64(tag)), in: id) { writer in
        writer.write(number.rawValue)
        writer.write(UInt8(isRecorded ? 1 : 0))
        writer.write(tensor.array)
      }
      try mailroom.post(message, to: receiver)
      if isRecorded { record(SendBackward(self, number, tensor, to: receiver)) }
    }
  }

  /// Receives the next tensor a rank has sent with a tag.
  ///
  /// - Parameters:
  ///   - shape: What the tensor must have; nil for any.
  ///   - dtype: What the tensor must have; nil for any.
  /// - Returns: The tensor, part of the graph if the sent one was.
  /// - Throws: ``DistributedAutogradError`` on all ranks if the tensor does not come or does not
  ///   fit.
  public func receive(
    from sender: Int, tag: Int = 0, shape: Shape? = nil, dtype: DType? = nil
  ) throws -> Tensor {
    require(
      sender >= 0 && sender < size, "receive: there is no rank \(sender) in a group of \(size)")
    let operation = "receive from rank \(sender)"
    return try perform(operation) {
      var body = try take(.activation, UInt64(bitPattern: Int64(tag)), from: sender, operation).body
      let number = AutogradContextID(rawValue: body.word())
      let isRecorded = body.byte() != 0
      let tensor = Tensor(body.array())
      guard shape ?? tensor.shape == tensor.shape, dtype ?? tensor.dtype == tensor.dtype else {
        throw DistributedAutogradError(
          .mismatch, rank: rank, operation: operation,
          "rank \(sender) sent \(tensor.dtype.name)\(tensor.shape), expected is "
            + "\((dtype ?? tensor.dtype).name)\(shape ?? tensor.shape)")
      }
      guard isRecorded else { return tensor }
      // Recorded even where nothing is: the sender's end waits for an answer.
      let node = ReceiveBackward(self, number, from: sender)
      record(node)
      if isGradientEnabled { node.attach(tensor) }
      return tensor
    }
  }
}
