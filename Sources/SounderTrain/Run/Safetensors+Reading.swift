import SounderArray

extension Safetensors {
  /// Reads a file, checking everything the format demands.
  ///
  /// - Throws: ``DataError`` naming the file and what is wrong with it.
  public init(contentsOf path: String) throws(DataError) {
    let file = try InputFile(path: path)
    let reader = Reader(path: path, source: PlainSource(file), fileSize: file.byteCount)
    self = try reader.read()
  }

  private struct Reader {
    let path: String
    let source: PlainSource
    let fileSize: Int

    /// One array as the header describes it.
    struct Entry {
      var name: String
      var dtype: DType
      var shape: Shape
      var begin: Int
      var end: Int
    }

    func damage(_ problem: String, at offset: Int? = nil) -> DataError {
      DataError(
        path: path, place: offset.map { .byte($0) } ?? .file,
        problem: "not a valid safetensors file: \(problem)")
    }

    func read() throws(DataError) -> Safetensors {
      let header = try header()
      guard let members = header.object?.members else {
        throw damage("the header is not an object", at: 8)
      }
      var result = Safetensors()
      var entries: [Entry] = []
      for member in members {
        if member.name == Safetensors.metadataKey {
          result.metadata = try metadata(member.value)
        } else {
          entries.append(try entry(member.name, member.value))
        }
      }
      entries.sort { ($0.begin, $0.end, $0.name) < ($1.begin, $1.end, $1.name) }
      try checkTiling(entries)
      for entry in entries { result.arrays[entry.name] = try array(entry) }
      return result
    }

    private func header() throws(DataError) -> JSONValue {
      let lengthBytes = try bytes(8, of: "the header's length")
      let length = lengthBytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      guard length <= Safetensors.maximumHeaderSize, Int(length) <= fileSize - 8 else {
        throw damage("a header of \(length) bytes in a file of \(fileSize)", at: 0)
      }
      let text = try bytes(Int(length), of: "the header")
      guard text.first == UInt8(ascii: "{") else {
        throw damage("the header does not begin with '{'", at: 8)
      }
      do throws(JSONError) { return try JSONValue(parsing: text) } catch {
        throw damage("the header: \(error.problem)", at: 8 + error.offset)
      }
    }

    private func bytes(_ count: Int, of what: String) throws(DataError) -> [UInt8] {
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 8)
      defer { buffer.deallocate() }
      guard try source.read(into: buffer) == count else {
        throw damage("it ends within \(what)", at: source.offset)
      }
      return Array(buffer)
    }

    private func metadata(_ value: JSONValue) throws(DataError) -> [String: String] {
      guard let object = value.object else {
        throw damage("\(Safetensors.metadataKey) is no object")
      }
      var result: [String: String] = [:]
      for member in object.members {
        guard let text = member.value.string else {
          throw damage("the metadata '\(member.name)' is not a text")
        }
        result[member.name] = text
      }
      return result
    }

    private func entry(_ name: String, _ value: JSONValue) throws(DataError) -> Entry {
      func damage(_ problem: String) -> DataError { self.damage("'\(name)' \(problem)") }
      guard let object = value.object, object.members.count == 3,
        let typeName = object["dtype"]?.string, let extents = object["shape"]?.array,
        let offsets = object["data_offsets"]?.array
      else { throw damage("needs dtype, shape and data_offsets, and nothing else") }
      guard let dtype = DType.allCases.first(where: { Safetensors.typeName($0) == typeName }) else {
        throw damage("has the element type \(typeName), which is not supported")
      }
      guard extents.count <= Shape.maximumRank else {
        throw damage("has \(extents.count) dimensions, at most \(Shape.maximumRank) are supported")
      }
      var shape = Shape()
      var byteCount = dtype.byteSize
      for extent in extents {
        guard let extent = extent.integer, extent >= 0 else { throw damage("has a bad shape") }
        let (product, overflow) = byteCount.multipliedReportingOverflow(by: extent)
        guard !overflow else { throw damage("has a shape too large to exist") }
        byteCount = product
        shape.append(extent)
      }
      guard offsets.count == 2, let begin = offsets[0].integer, let end = offsets[1].integer,
        begin >= 0, end >= begin
      else { throw damage("has bad data_offsets") }
      guard end - begin == byteCount else {
        throw damage("has \(end - begin) bytes of data, its shape needs \(byteCount)")
      }
      return Entry(name: name, dtype: dtype, shape: shape, begin: begin, end: end)
    }

    /// The arrays must cover the data without gap or overlap, to the last byte.
    private func checkTiling(_ entries: [Entry]) throws(DataError) {
      var position = 0
      for entry in entries {
        guard entry.begin == position else {
          throw damage("the data of '\(entry.name)' begin at \(entry.begin), expected \(position)")
        }
        position = entry.end
      }
      let available = fileSize - source.offset
      guard position == available else {
        throw damage("the arrays need \(position) bytes of data, the file has \(available)")
      }
    }

    private func array(_ entry: Entry) throws(DataError) -> NDArray {
      let array = NDArray(uninitialized: entry.shape, entry.dtype)
      let buffer = UnsafeMutableRawBufferPointer(
        start: array.pointer, count: entry.end - entry.begin)
      guard try source.read(into: buffer) == buffer.count else {
        throw damage("it ends within '\(entry.name)'", at: source.offset)
      }
      return array
    }
  }
}
