import CKernels

/// What batch normalisation needs to know of each channel: the number of elements, their mean, and the
/// sum of their squared distances from it.
public struct ChannelMoments: Sendable, Hashable {
  /// The elements of a channel.
  public var count: Double
  /// The mean of each channel.
  public var mean: [Double]
  /// The sum of squared distances from the mean, for each channel.
  public var squares: [Double]

  /// The moments of given values.
  public init(count: Double, mean: [Double], squares: [Double]) {
    self.count = count
    self.mean = mean
    self.squares = squares
  }

  /// The biased variance of each channel.
  public var variance: [Double] { squares.map { $0 / count } }

  /// Joins the moments of two parts of a batch, without cancellation (Chan, Golub and LeVeque, 1979).
  public func merged(with other: Self) -> Self {
    if other.count == 0 { return self }
    if count == 0 { return other }
    let total = count + other.count
    var result = Self(count: total, mean: mean, squares: squares)
    for channel in mean.indices {
      let distance = other.mean[channel] - mean[channel]
      result.mean[channel] += distance * (other.count / total)
      result.squares[channel] +=
        other.squares[channel] + distance * distance * (count * other.count / total)
    }
    return result
  }
}

/// The steps of batch normalisation of a batch `[samples, channels, *]` that is one part of several.
extension Kernels {
  /// The moments of each channel of one part, in double precision.
  public static func channelMoments(_ input: NDArray) -> ChannelMoments {
    let (samples, channels, positions) = channelLayout(input, [], "batch_norm")
    let x = input.contiguous()
    var mean = [Double](repeating: 0, count: channels)
    var squares = mean
    let count = samples * positions
    if count > 0 {
      withExtendedLifetime(x) {
        if x.dtype == .float32 {
          ck_batch_norm_moments_f32(&mean, &squares, x.floats, samples, channels, positions)
        } else {
          ck_batch_norm_moments_f64(&mean, &squares, x.doubles, samples, channels, positions)
        }
      }
    }
    return ChannelMoments(count: Double(count), mean: mean, squares: squares)
  }

  /// One part normalised by the moments of the whole batch, then scaled and shifted.
  public static func batchNormApply(
    _ input: NDArray, _ moments: ChannelMoments, _ weight: NDArray?, _ bias: NDArray?, _ eps: Double
  ) -> NDArray {
    let (samples, channels, positions) = channelLayout(input, [weight, bias], "batch_norm")
    let x = input.contiguous()
    let (w, b) = (weight?.cast(to: x.dtype).contiguous(), bias?.cast(to: x.dtype).contiguous())
    let result = NDArray(uninitialized: x.shape, x.dtype)
    if x.dtype == .float32 {
      ck_batch_norm_apply_f32(
        result.floats, x.floats, moments.mean, moments.variance, w?.floats, b?.floats, eps,
        samples, channels, positions)
    } else {
      ck_batch_norm_apply_f64(
        result.doubles, x.doubles, moments.mean, moments.variance, w?.doubles, b?.doubles, eps,
        samples, channels, positions)
    }
    return result
  }

  /// For each channel of one part, the sum of the gradient and that of its products with the distances
  /// from the mean.
  public static func batchNormSums(
    _ grad: NDArray, _ input: NDArray, _ moments: ChannelMoments
  ) -> (totals: [Double], products: [Double]) {
    let (samples, channels, positions) = channelLayout(input, [], "batch_norm_backward")
    require(
      grad.shape == input.shape, "batch_norm_backward: gradient \(grad.shape) of \(input.shape)")
    let (g, x) = (grad.cast(to: input.dtype).contiguous(), input.contiguous())
    var totals = [Double](repeating: 0, count: channels)
    var products = totals
    withExtendedLifetime((g, x)) {
      if x.dtype == .float32 {
        ck_batch_norm_sums_f32(
          &totals, &products, g.floats, x.floats, moments.mean, samples, channels, positions)
      } else {
        ck_batch_norm_sums_f64(
          &totals, &products, g.doubles, x.doubles, moments.mean, samples, channels, positions)
      }
    }
    return (totals, products)
  }

  /// The gradient of one part of the input, from the sums over the whole batch.
  public static func batchNormInputGradient(
    _ grad: NDArray, _ input: NDArray, _ moments: ChannelMoments, _ weight: NDArray?,
    _ eps: Double, totals: [Double], products: [Double]
  ) -> NDArray {
    let (samples, channels, positions) = channelLayout(input, [weight], "batch_norm_backward")
    let (g, x) = (grad.cast(to: input.dtype).contiguous(), input.contiguous())
    let w = weight?.cast(to: x.dtype).contiguous()
    let result = NDArray(uninitialized: x.shape, x.dtype)
    if x.dtype == .float32 {
      ck_batch_norm_gradient_f32(
        result.floats, g.floats, x.floats, moments.mean, moments.variance, w?.floats, eps, totals,
        products, moments.count, samples, channels, positions)
    } else {
      ck_batch_norm_gradient_f64(
        result.doubles, g.doubles, x.doubles, moments.mean, moments.variance, w?.doubles, eps,
        totals, products, moments.count, samples, channels, positions)
    }
    return result
  }
}
