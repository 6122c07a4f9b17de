import SounderArray

/// Lets the parts of one batch tell each other numbers while each computes its own part of a graph.
///
/// An operator over the whole batch calls it in its forward and in its backward pass. All parts must run
/// the same operators in the same order.
public protocol BatchPartExchange: AnyObject {
  /// The numbers of all parts, in an order that is the same for all; every part gives equally many.
  ///
  /// - Throws: what keeps the parts from meeting.
  func gather(_ numbers: [Double]) throws -> [[Double]]
  /// Notes an error of a forward pass, which has no way to throw; whoever made the exchange reports it.
  func note(_ error: any Error)
}

extension Tensor {
  /// Batch normalisation of one part, `[samples, channels, *]`, by the statistics of all parts together.
  ///
  /// The moments are exact: each part's mean and sum of squared distances, in double precision, are
  /// joined in the order of the parts (Chan, Golub and LeVeque, 1979), so that all parts have the same bits.
  /// Costs one exchange of 2 × channels + 1 numbers forward and one of 2 × channels backward. The
  /// backward pass must be run once on every part and cannot be differentiated itself.
  ///
  /// - Returns: the normalised part, and the moments of the whole batch; those of this part alone if the
  ///   exchange failed.
  public func jointBatchNorm(
    weight: Tensor?, bias: Tensor?, eps: Double, exchange: any BatchPartExchange
  ) -> (output: Tensor, moments: ChannelMoments) {
    let moments = joinedMoments(Kernels.channelMoments(array), exchange)
    let result = Tensor(
      Kernels.batchNormApply(array, moments, weight?.array, bias?.array, eps))
    if isGradientEnabled, requiresGrad || weight?.requiresGrad == true || bias?.requiresGrad == true
    {
      JointBatchNormBackward(self, weight, bias, eps, moments, exchange).attach(result)
    }
    return (result, moments)
  }
}

private func joinedMoments(
  _ own: ChannelMoments, _ exchange: any BatchPartExchange
) -> ChannelMoments {
  let channels = own.mean.count
  do {
    let parts = try exchange.gather([own.count] + own.mean + own.squares).map { numbers in
      ChannelMoments(
        count: numbers[0], mean: Array(numbers[1..<channels + 1]),
        squares: Array(numbers[(channels + 1)...]))
    }
    return parts.dropFirst().reduce(parts[0]) { $0.merged(with: $1) }
  } catch {
    exchange.note(error)
    return own
  }
}

/// The way back of a joint normalisation: the sums over the batch are those of all parts.
private final class JointBatchNormBackward: Node {
  private let moments: ChannelMoments
  private let eps: Double
  private let exchange: any BatchPartExchange
  private var input = SavedTensor()
  private var weight = SavedTensor()

  init(
    _ input: Tensor, _ weight: Tensor?, _ bias: Tensor?, _ eps: Double, _ moments: ChannelMoments,
    _ exchange: any BatchPartExchange
  ) {
    self.moments = moments
    self.eps = eps
    self.exchange = exchange
    super.init(edgeCount: 3)
    self.input = SavedTensor(input: input)
    self.weight = SavedTensor(input: weight)
    connect(0, input)
    connect(1, weight)
    connect(2, bias)
  }

  override var name: String { "JointBatchNormBackward" }
  override var savedNames: [String] { ["input", "weight"] }

  override func apply(_ pass: BackwardPass) throws {
    guard !isGradientEnabled else {
      throw AutogradError(
        .notImplemented,
        "\(name): second derivatives through synchronised batch normalisation are not defined; "
          + "use create_graph with sync: false")
    }
    let (x, w) = (try unpack(input).array, try unpackOptional(weight)?.array)
    // A part without a gradient takes part all the same: the others wait for its sums.
    let gradient = pass.gradient(0)?.array ?? Kernels.zeros(x.shape, x.dtype)
    let own = Kernels.batchNormSums(gradient, x, moments)
    let channels = own.totals.count
    let parts = try exchange.gather(own.totals + own.products)
    let sums = parts.dropFirst().reduce(parts[0]) { sum, part in zip(sum, part).map(+) }
    if pass.needs(0) {
      let result = Kernels.batchNormInputGradient(
        gradient, x, moments, w, eps, totals: Array(sums[..<channels]),
        products: Array(sums[channels...]))
      pass.send(0, Tensor(result))
    }
    if pass.needs(1) {
      let scaled = zip(own.products, moments.variance).map { $0 / ($1 + eps).squareRoot() }
      pass.send(1, Tensor(NDArray(scaled, shape: [channels]).cast(to: x.dtype)))
    }
    if pass.needs(2) {
      pass.send(2, Tensor(NDArray(own.totals, shape: [channels]).cast(to: x.dtype)))
    }
  }

  override func releaseSaved() {
    input.release()
    weight.release()
  }
}
