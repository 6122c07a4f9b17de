import SounderArray
import SounderAutograd
import Synchronization

/// The streams from which layers draw their values when they are created.
///
/// Every parameter made in this process gets a stream of its own. The values depend on the order of
/// creation; ``Module/initialize(seed:)`` replaces them by values that do not.
enum InitialStream {
  private static let used = Atomic<UInt64>(0)

  static func next() -> RandomStream {
    let number = used.wrappingAdd(1, ordering: .relaxed).oldValue
    return RandomStream(seed: 0, stream: number)
  }
}

extension Module {
  /// Draws the first values of parameters that were just created.
  final func initializeNew(_ parameters: [(name: String, tensor: Tensor?)]) {
    for case (let name, let tensor?) in parameters {
      var stream = InitialStream.next()
      initialize(name, tensor.array, from: &stream)
    }
  }
}
