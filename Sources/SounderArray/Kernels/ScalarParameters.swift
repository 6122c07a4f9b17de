import CKernels

/// Up to three numbers laid out as elements of a type, the way C loops take their parameters.
struct ScalarParameters {
  private var words: InlineArray<4, UInt64> = [0, 0, 0, 0]

  init(_ first: Scalar, _ second: Scalar = 0, _ third: Scalar? = nil, as dtype: DType) {
    withUnsafeMutableBytes(of: &words) { bytes in
      guard let base = bytes.baseAddress else { return }
      first.store(at: base, as: dtype)
      second.store(at: base + dtype.byteSize, as: dtype)
      // Complex numbers fill the words with two.
      if let third, !dtype.isComplex { third.store(at: base + 2 * dtype.byteSize, as: dtype) }
    }
  }

  @inline(__always)
  func withPointer(_ body: (UnsafeRawPointer) -> Void) {
    withUnsafeBytes(of: words) { bytes in
      if let base = bytes.baseAddress { body(base) }
    }
  }
}

extension Scalar {
  /// Writes the number as one element; bounds of an integer type apply.
  func store(at pointer: UnsafeMutableRawPointer, as dtype: DType) {
    switch dtype {
    case .bool:
      pointer.storeBytes(
        of: self == .bool(true) || doubleValue != 0 || imaginary != 0 ? 1 : 0, as: UInt8.self)
    case .uint8: pointer.storeBytes(of: UInt8(truncatingIfNeeded: intValue), as: UInt8.self)
    case .int32: pointer.storeBytes(of: Int32(truncatingIfNeeded: intValue), as: Int32.self)
    case .int64: pointer.storeBytes(of: intValue, as: Int.self)
    case .float32: pointer.storeBytes(of: Float(doubleValue), as: Float.self)
    case .float64: pointer.storeBytes(of: doubleValue, as: Double.self)
    case .complex64:
      pointer.storeBytes(of: Float(doubleValue), as: Float.self)
      (pointer + 4).storeBytes(of: Float(imaginary), as: Float.self)
    case .complex128:
      pointer.storeBytes(of: doubleValue, as: Double.self)
      (pointer + 8).storeBytes(of: imaginary, as: Double.self)
    case .float16, .bfloat16:
      var value = Float(doubleValue)
      ck_convert(DType.float32.rawValue, dtype.rawValue)(pointer, 1, &value, 1, 1, nil)
    }
  }

  /// Reads one element.
  init(at pointer: UnsafeRawPointer, as dtype: DType) {
    switch dtype {
    case .bool: self = .bool(pointer.load(as: UInt8.self) != 0)
    case .uint8: self = .int(Int(pointer.load(as: UInt8.self)))
    case .int32: self = .int(Int(pointer.load(as: Int32.self)))
    case .int64: self = .int(pointer.load(as: Int.self))
    case .float32: self = .float(Double(pointer.load(as: Float.self)))
    case .float64: self = .float(pointer.load(as: Double.self))
    case .complex64:
      self = .complex(
        Double(pointer.load(as: Float.self)), Double((pointer + 4).load(as: Float.self)))
    case .complex128:
      self = .complex(pointer.load(as: Double.self), (pointer + 8).load(as: Double.self))
    case .float16, .bfloat16:
      var value: Float = 0
      ck_convert(dtype.rawValue, DType.float32.rawValue)(&value, 1, pointer, 1, 1, nil)
      self = .float(Double(value))
    }
  }
}
