import SounderArray
import SounderAutograd
import SounderNN

/// Where each trainable parameter of a synchronous job lies in flat memory, in words of 4 bytes.
///
/// For a model of float32 this is its ``ParameterLayout``; elements of float64 take two words. Every
/// parameter begins at a multiple of 16 words, a cache line.
struct WordLayout {
  /// One parameter.
  struct Entry {
    let name: String
    let tensor: Tensor
    /// The words it covers.
    let range: Range<Int>
    let element: FlatElement

    var offset: Int { range.lowerBound }
  }

  let entries: [Entry]
  /// The length of the flat memory.
  let wordCount: Int

  /// The layout of a model's trainable parameters.
  /// - Throws: ``ParallelError`` for parameters that are neither float32 nor float64.
  init(_ model: Module) throws {
    var next = 0
    entries = try model.namedParameters.filter { $0.tensor.requiresGrad }.map { item in
      guard let element = FlatElement(item.tensor.dtype) else {
        throw ParallelError(
          "parallel.mode sync: parameter '\(item.name)' is \(item.tensor.dtype), only float32 and "
            + "float64 can be reduced; convert it, or freeze it")
      }
      let count = item.tensor.count * element.words
      defer {
        next +=
          (count + ParameterLayout.alignment - 1) / ParameterLayout.alignment
          * ParameterLayout.alignment
      }
      return Entry(
        name: item.name, tensor: item.tensor, range: next..<next + count, element: element)
    }
    wordCount = next
  }

  /// Moves the parameters into flat memory that others may see and change.
  ///
  /// - Parameter copying: Whether the current values are written to the memory first.
  func bind(to memory: UnsafeMutablePointer<Float>, owner: AnyObject, copying: Bool) {
    for entry in entries {
      let tensor = entry.tensor
      let array = NDArray(
        storage: Storage(
          base: UnsafeMutableRawPointer(memory + entry.offset),
          byteCount: tensor.count * tensor.dtype.byteSize, owner: owner),
        dtype: tensor.dtype, shape: tensor.shape, strides: tensor.shape.contiguousStrides)
      if copying { array.copy(from: tensor.array) }
      tensor.rebind(array)
    }
  }
}
