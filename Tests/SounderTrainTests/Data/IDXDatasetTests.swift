import SounderArray
import Testing

@testable import SounderTrain

/// One damaged file in a directory that is otherwise fine.
struct DamagedFile: CustomTestStringConvertible, Sendable {
  var testDescription: String
  var images: [UInt8] = IDXBuilder.images(count: 3)
  var labels: [UInt8] = IDXBuilder.labels(count: 3)
  var says: String
}

@Suite("IDX files")
struct IDXDatasetTests {
  private static let header: [UInt8] = [0, 0, 8, 3]
  private static let good = IDXBuilder.images(count: 3)
  private static let packed = IDXBuilder.gzip(good)

  static let damaged: [DamagedFile] = [
    .init(testDescription: "empty", images: [], says: "the file ends in its header"),
    .init(testDescription: "half a header", images: Array(good[..<6]), says: "ends in its header"),
    .init(testDescription: "text", images: Array("<html>404".utf8), says: "not an IDX file"),
    .init(
      testDescription: "wrong type",
      images: IDXBuilder.file(magic: [0, 0, 0x0D, 3], extents: [1, 1, 1], data: [0, 0, 0, 0]),
      says: "the element type is 0x0d"),
    .init(
      testDescription: "exchanged files", images: IDXBuilder.labels(count: 3),
      says: "were images and labels exchanged?"),
    .init(
      testDescription: "truncated", images: good.dropLast(),
      says: "the header promises 12 bytes of data [3, 2, 2], the file has at most 11"),
    .init(testDescription: "trailing byte", images: good + [0], says: "bytes after the data"),
    .init(
      testDescription: "no images",
      images: IDXBuilder.file(magic: header, extents: [0, 2, 2], data: []),
      says: "dimension 0 is 0"),
    .init(
      testDescription: "huge dimension",
      images: IDXBuilder.file(magic: header, extents: [.max, 2, 2], data: [0]),
      says: "the file has at most 1"),
    .init(
      testDescription: "overflowing dimensions",
      images: IDXBuilder.file(magic: header, extents: [.max, .max, .max], data: [0]),
      says: "no file is that large"),
    .init(
      testDescription: "huge dimension, compressed",
      images: IDXBuilder.gzip(
        IDXBuilder.file(magic: header, extents: [1 << 30, 28, 28], data: [0])),
      says: "the header promises 841813590016 bytes"),
    .init(
      testDescription: "counts that disagree", labels: IDXBuilder.labels(count: 2),
      says: "2 labels for 3 images"),
    .init(
      testDescription: "compressed and cut in the data", images: Array(packed[..<25]),
      says: "the gzip data end early"),
    .init(
      testDescription: "compressed and cut in the trailer", images: packed.dropLast(3),
      says: "the gzip data end early"),
    .init(
      testDescription: "wrong checksum",
      images: packed.dropLast(8) + [1, 2, 3, 4] + packed.suffix(4),
      says: "incorrect data check"),
    .init(
      testDescription: "wrong length", images: packed.dropLast(4) + [9, 9, 9, 9],
      says: "incorrect length check"),
    .init(
      testDescription: "damaged block", images: packed[..<11] + [1, 1, 1, 1] + packed[15...],
      says: "the gzip data are damaged"),
    .init(
      testDescription: "bytes after the gzip data", images: packed + [7],
      says: "unexpected bytes after the end of the gzip data"),
    .init(
      testDescription: "compressed with too little data",
      images: IDXBuilder.gzip(good.dropLast()), says: "the file is truncated"),
    .init(
      testDescription: "compressed with too much data",
      images: IDXBuilder.gzip(good + [0]), says: "bytes after the data"),
    .init(testDescription: "gzip magic only", images: [0x1F, 0x8B], says: "gzip data end early"),
  ]

  private static func directory(
    images: [UInt8] = good, labels: [UInt8] = IDXBuilder.labels(count: 3)
  ) throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    _ = try directory.write("train-images-idx3-ubyte", images)
    _ = try directory.write("train-labels-idx1-ubyte.gz", labels)
    _ = try directory.write("t10k-images-idx3-ubyte.gz", IDXBuilder.gzip(good))
    _ = try directory.write("t10k-labels-idx1-ubyte", IDXBuilder.labels(count: 3))
    return directory
  }

  @Test("A damaged file is named with what is wrong, on one line", arguments: damaged)
  func damage(_ damaged: DamagedFile) throws {
    let directory = try Self.directory(images: damaged.images, labels: damaged.labels)
    let error = #expect(throws: DataError.self) {
      try IDXDataset.load(directory: directory.path, normalize: .auto)
    }
    let found = try #require(error)
    #expect(found.exitCode == .dataError)
    #expect(found.description.hasPrefix("\(directory.path)/train-"))
    #expect(found.description.contains(damaged.says), "\(found)")
    #expect(!found.description.contains("\n"))
  }

  @Test("Every truncation of a good file is an error, compressed or not")
  func truncations() throws {
    let directory = try TemporaryDirectory()
    for bytes in [Self.good, Self.packed] {
      for length in bytes.indices {
        let path = try directory.write("f", Array(bytes[..<length]))
        #expect(throws: DataError.self) { try IDXFile.read(path, rank: 3) }
      }
    }
  }

  @Test("Good files load, whatever their names say about compression")
  func good() throws {
    let directory = try Self.directory(images: Self.packed)
    let splits = try IDXDataset.load(directory: directory.path, normalize: .auto)
    #expect(splits.train.count == 3)
    #expect(splits.train.featureCount == 4)
    #expect(splits.train.targetKind == .classes(3))
    let (features, targets) = splits.train.gather([2, 1])
    let values = features.pointer.assumingMemoryBound(to: Float.self)
    #expect((0..<8).map { (values[$0] * 255).rounded() } == [32, 33, 34, 35, 16, 17, 18, 19])
    #expect(targets.pointer.assumingMemoryBound(to: Int64.self)[0] == 2)
  }

  @Test("A missing directory or file is an input that is missing")
  func missing() throws {
    let directory = try TemporaryDirectory()
    for path in [directory.path, "\(directory.path)/none"] {
      let error = #expect(throws: DataError.self) {
        try IDXDataset.load(directory: path, normalize: .auto)
      }
      #expect(try #require(error).exitCode == .inputMissing)
    }
  }
}
