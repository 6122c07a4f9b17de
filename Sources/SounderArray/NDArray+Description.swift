extension NDArray: CustomStringConvertible {
  /// The elements in nested brackets, long arrays shortened, with the type and shape.
  public var description: String {
    var text = ""
    write(0, 0, into: &text)
    return "\(text) (\(dtype.name) \(shape))"
  }

  private func write(_ axis: Int, _ position: Int, into text: inout String) {
    if axis == rank {
      text += Scalar(at: address(position), as: dtype).description
      return
    }
    text += "["
    let extent = shape[axis]
    for index in 0..<extent {
      if extent > 8 && index == 3 { text += ", …" }
      if extent > 8 && index >= 3 && index < extent - 3 { continue }
      if index > 0 { text += ", " }
      write(axis + 1, position + index * strides[axis], into: &text)
    }
    text += "]"
  }
}

extension Scalar: CustomStringConvertible {
  /// The number as Swift writes it; complex ones as `1.0+2.0i`.
  public var description: String {
    switch self {
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .float(let value): "\(value)"
    case .complex(let real, let imaginary):
      "\(real)\(imaginary.sign == .minus ? "-" : "+")\(imaginary.magnitude)i"
    }
  }
}
