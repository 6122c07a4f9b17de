import Foundation
import SounderArray
import Testing

@testable import SounderTrain

/// A header that breaks a rule of the format.
struct DamagedHeader: CustomTestStringConvertible, Sendable {
  var header: String
  var dataCount = 4
  var says: String
  var testDescription: String { says }
}

@Suite("Safetensors")
struct SafetensorsTests {
  private static func array(_ shape: Shape, _ dtype: DType, filling start: UInt8 = 1) -> NDArray {
    let array = NDArray(uninitialized: shape, dtype)
    for index in 0..<array.count * dtype.byteSize {
      array.pointer.storeBytes(
        of: start &+ UInt8(truncatingIfNeeded: index), toByteOffset: index, as: UInt8.self)
    }
    return array
  }

  private static func bytes(_ array: NDArray) -> [UInt8] {
    Array(UnsafeRawBufferPointer(start: array.pointer, count: array.count * array.dtype.byteSize))
  }

  private static func file(_ header: String, data: Int) -> [UInt8] {
    let count = header.utf8.count
    return (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + Array(header.utf8)
      + [UInt8](repeating: 0, count: data)
  }

  @Test("Arrays of every type and shape come back byte for byte")
  func roundTrip() throws {
    let directory = try TemporaryDirectory()
    var file = Safetensors(metadata: ["b": "x \"y\" \n ü", "a": ""])
    for dtype in DType.allCases where Safetensors.typeName(dtype) != nil {
      for shape: Shape in [[], [3], [2, 0, 5], [1, 2, 3]] {
        file.arrays["\(dtype.name)/\(shape)"] = Self.array(shape, dtype)
      }
    }
    let path = "\(directory.path)/m.safetensors"
    try file.write(to: path)
    let read = try Safetensors(contentsOf: path)
    #expect(read.metadata == file.metadata)
    #expect(read.arrays.keys.sorted() == file.arrays.keys.sorted())
    for (name, array) in file.arrays {
      let found = try #require(read.arrays[name])
      #expect(found.dtype == array.dtype && found.shape == array.shape)
      #expect(Self.bytes(found) == Self.bytes(array))
    }
    let first = try Data(contentsOf: URL(fileURLWithPath: path))
    try read.write(to: path)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == first)
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 1)
  }

  static let damaged: [DamagedHeader] = [
    .init(header: "[]", says: "does not begin with '{'"),
    .init(header: "{", says: "expected a member's name"),
    .init(header: #"{"a":1,"a":2}"#, says: "duplicate member 'a'"),
    .init(header: #"{"a":{"dtype":"F32"}}"#, says: "needs dtype, shape and data_offsets"),
    .init(header: #"{"__metadata__":{"k":1}}"#, dataCount: 0, says: "'k' is not a text"),
    .init(
      header: #"{"a":{"dtype":"F8_E5M2","shape":[4],"data_offsets":[0,4]}}"#, says: "F8_E5M2"),
    .init(
      header: #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, says: "a bad shape"),
    .init(
      header: #"{"a":{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,4]}}"#,
      says: "too large to exist"),
    .init(
      header: #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, says: "needs 8"),
    .init(
      header: #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
      says: "bad data_offsets"),
    .init(
      header: #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
      says: "begin at 2, expected 0"),
    .init(
      header: #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#,
      says: "need 2 bytes of data, the file has 4"),
    .init(
      header: #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#,
      says: "need 16 bytes of data, the file has 4"),
    .init(
      header: #"{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,4],"data_offsets":[0,4]}}"#,
      says: "has 9 dimensions"),
  ]

  @Test("A header that breaks a rule is refused", arguments: damaged)
  func damage(_ damaged: DamagedHeader) throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("m", Self.file(damaged.header, data: damaged.dataCount))
    let error = #expect(throws: DataError.self) { try Safetensors(contentsOf: path) }
    let found = try #require(error).description
    #expect(found.contains(damaged.says), "\(found)")
  }

  @Test("Every truncation of a good file is refused")
  func truncations() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/m"
    try Safetensors(arrays: ["a": Self.array([3], .float32)], metadata: ["k": "v"]).write(to: path)
    let whole = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    for length in whole.indices {
      let part = try directory.write("part", Array(whole[..<length]))
      #expect(throws: DataError.self) { try Safetensors(contentsOf: part) }
    }
    let long = try directory.write("long", [UInt8](repeating: 0xFF, count: 64))
    #expect(throws: DataError.self) { try Safetensors(contentsOf: long) }
  }
}
