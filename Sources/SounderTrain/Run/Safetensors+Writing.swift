import SounderArray

extension Safetensors {
  /// Writes the file, replacing one of the same name in one stroke.
  ///
  /// Equal contents give equal bytes: arrays are ordered by alignment, the widest first, then by name,
  /// and metadata by name. Arrays must be contiguous and of a type that the format knows.
  public func write(to path: String) throws(FileError) {
    let ordered = arrays.sorted {
      ($1.value.dtype.alignment, $0.key) < ($0.value.dtype.alignment, $1.key)
    }
    let header = header(ordered)
    try AtomicFile.write(to: path) { file throws(FileError) in
      let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
      try file.append(bytes: length + header)
      for (_, array) in ordered {
        let byteCount = array.count * array.dtype.byteSize
        try file.append(UnsafeRawBufferPointer(start: array.pointer, count: byteCount))
      }
    }
  }

  /// The JSON header, padded by spaces so that the data begin at a multiple of eight.
  private func header(_ ordered: [(key: String, value: NDArray)]) -> [UInt8] {
    var members: [(String, JSONValue)] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }
      members.append((Self.metadataKey, .object(JSONObject(pairs))))
    }
    var offset = 0
    for (name, array) in ordered {
      let type = Self.typeName(array.dtype) ?? ""
      require(
        array.isContiguous && !type.isEmpty && name != Self.metadataKey,
        "Safetensors: '\(name)' (\(array.dtype.name)) cannot be stored: it must be contiguous, "
          + "not complex128, and not named \(Self.metadataKey)")
      let end = offset + array.count * array.dtype.byteSize
      members.append(
        (
          name,
          [
            "dtype": .string(type), "shape": .array(array.shape.map(JSONValue.integer)),
            "data_offsets": [.integer(offset), .integer(end)],
          ]
        ))
      offset = end
    }
    var bytes = Array(JSONValue.object(JSONObject(members)).compact.utf8)
    while bytes.count % 8 != 0 { bytes.append(0x20) }
    return bytes
  }
}

extension DType {
  /// The width of the numbers an element is made of.
  fileprivate var alignment: Int { isComplex ? byteSize / 2 : byteSize }
}
