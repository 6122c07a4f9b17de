import Foundation
import SounderArray

/// A directory with the four files of MNIST, or of a set in the same format.
public enum IDXDataset {
  /// The splits in a directory.
  ///
  /// Looks for `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
  /// `t10k-labels-idx1-ubyte`, with or without `.gz`.
  public static func load(
    directory: String, normalize: Normalization
  ) throws(DataError) -> DatasetSplits {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory) else {
      throw DataError(
        kind: .missing, path: directory, problem: "no such directory",
        advice: "point data.path at the directory of the four MNIST files, "
          + "as in --set data.path=…")
    }
    guard isDirectory.boolValue else {
      throw DataError(
        kind: .missing, path: directory, problem: "not a directory",
        advice: "data.path names the directory that holds the four MNIST files")
    }
    var train = try split(directory, "train", name: "idx training split")
    var test = try split(directory, "t10k", name: "idx test split")
    guard train.featureCount == test.featureCount else {
      throw DataError(
        path: directory,
        problem: "training images have \(train.featureCount) pixels, test images "
          + "\(test.featureCount)")
    }
    guard case .classes(let count) = train.targetKind, case .classes(let tested) = test.targetKind,
      tested <= count
    else {
      throw DataError(
        path: directory, problem: "the test labels name classes that no training label has")
    }
    test = Dataset(
      name: test.name, features: test.features, targets: test.targets,
      targetKind: train.targetKind, sampleShape: test.sampleShape)
    train.scaling = scaling(normalize, train.features)
    test.scaling = train.scaling
    return DatasetSplits(train: train, test: test)
  }

  private static func scaling(_ normalize: Normalization, _ features: NDArray) -> FeatureScaling {
    switch normalize {
    case .auto, .unit: .unit
    case .none: .identity
    case .standard: .standardizingAll(features)
    }
  }

  private static func split(
    _ directory: String, _ prefix: String, name: String
  ) throws(DataError) -> Dataset {
    let imagesPath = try find(directory, "\(prefix)-images-idx3-ubyte")
    let labelsPath = try find(directory, "\(prefix)-labels-idx1-ubyte")
    let images = try IDXFile.read(imagesPath, rank: 3)
    let labels = try IDXFile.read(labelsPath, rank: 1)
    guard images.shape[0] == labels.shape[0] else {
      throw DataError(
        path: labelsPath, place: .byte(4),
        problem: "\(labels.shape[0]) labels for \(images.shape[0]) images",
        advice: "the two files belong to different sets")
    }
    let targets = NDArray(uninitialized: labels.shape, .int64)
    let source = labels.pointer.assumingMemoryBound(to: UInt8.self)
    let target = targets.pointer.bindMemory(to: Int64.self, capacity: labels.count)
    var largest = 0
    for index in 0..<labels.count {
      target[index] = Int64(source[index])
      largest = max(largest, Int(source[index]))
    }
    let shape: Shape = [images.shape[0], images.shape[1] * images.shape[2]]
    return Dataset(
      name: name,
      features: NDArray(
        storage: images.storage, dtype: .uint8, shape: shape, strides: shape.contiguousStrides),
      targets: targets, targetKind: .classes(largest + 1),
      sampleShape: [1, images.shape[1], images.shape[2]])
  }

  private static func find(_ directory: String, _ name: String) throws(DataError) -> String {
    let dotted = name.replacingOccurrences(of: "-idx", with: ".idx")
    let candidates = [name, "\(name).gz", dotted, "\(dotted).gz"].map { "\(directory)/\($0)" }
    guard let path = candidates.first(where: FileManager.default.fileExists(atPath:)) else {
      throw DataError(
        kind: .missing, path: "\(directory)/\(name)", problem: "no such file, nor \(name).gz",
        advice: "data.path must hold the four MNIST files")
    }
    return path
  }
}
