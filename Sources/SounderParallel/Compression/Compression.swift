import SounderArray
import SounderComm

/// How gradients are made smaller for the way between hosts; inside a host they stay as they are.
///
/// All but ``none`` change the result, which then depends on the number of hosts. What could not be sent is
/// kept and added to the next gradient, except in the 16-bit forms, whose error is small. On one host
/// nothing is compressed.
public enum Compression: Sendable, Hashable {
  /// Nothing is lost; the result does not depend on the number of hosts.
  case none
  /// 16 bits with the range of float32 and 8 significant bits; sums are made in float32.
  case bf16
  /// 16 bits with 11 significant bits and magnitudes up to 65,504; sums are made in float32.
  case fp16
  /// 8 bits and one scale for each 256 values, with error feedback.
  case int8
  /// The values of the largest magnitude, as a fraction in (0, 1], with error feedback (Stich, Cordonnier,
  /// Jaggi, 2018).
  case topK(fraction: Double)
  /// Products of two thin matrices (Vogels, Karimireddy, Jaggi, 2019).
  case powerSGD(PowerSGD.Options)

  /// The names in configurations.
  public enum Kind: String, Sendable, CaseIterable {
    /// Gradients travel as they are.
    case none
    /// See ``Compression/bf16``.
    case bf16
    /// See ``Compression/fp16``.
    case fp16
    /// See ``Compression/int8``.
    case int8
    /// See ``Compression/topK(fraction:)``.
    case topk
    /// See ``Compression/powerSGD(_:)``.
    case powersgd
  }

  /// Refuses what does not go together.
  /// - Throws: ``ParallelError``.
  func check(_ shardState: DataParallel.ShardState) throws {
    switch self {
    case .topK(let fraction) where !(fraction > 0 && fraction <= 1):
      throw ParallelError("compression: the fraction \(fraction) of top-k is not in (0, 1]")
    case .powerSGD(let options) where options.rank < 1:
      throw ParallelError("compression: the rank \(options.rank) of PowerSGD is not positive")
    case .powerSGD where shardState == .all:
      throw ParallelError(
        "parallel.compression powersgd approximates whole matrices, but with parallel.shard_state all "
          + "every host updates a part only; use shard_state host or another compression")
    default: return
    }
  }

  /// Refuses parameters whose values cannot be made smaller.
  /// - Throws: ``ParallelError``.
  func check(_ layout: WordLayout) throws {
    guard self != .none, let wide = layout.entries.first(where: { $0.element == .float64 }) else {
      return
    }
    throw ParallelError(
      "parallel.compression: parameter '\(wide.name)' is float64, and only float32 can be compressed; set "
        + "compression to none, or convert the parameter")
  }

  /// The way to other hosts.
  func leg(_ setting: NetworkSetting, shapes: [Shape]) throws -> any NetworkLeg {
    if case .powerSGD(let options) = self {
      return try PowerSGDLeg(setting, shapes: shapes, options: options)
    }
    return try LaneExchange(
      setting, format: format(elementCount: setting.memory.elementCount))
  }

  /// The form of single values on the wire; nil if they travel as they are, or not as single values.
  func format(elementCount: Int) -> CodedFormat? {
    switch self {
    case .none, .powerSGD: nil
    case .bf16: CodedFormat(HalfCode.bfloat16)
    case .fp16: CodedFormat(HalfCode.float16)
    case .int8: CodedFormat(BlockCode(), residuals: Residuals(elementCount: elementCount))
    case .topK(let fraction):
      CodedFormat(
        TopKCode(fraction: fraction), residuals: Residuals(elementCount: elementCount))
    }
  }
}

/// What a way to other hosts is made of.
struct NetworkSetting {
  let group: any ProcessGroup
  let tree: HostTree
  let memory: StepRegion
  let plan: ShardPlan
  /// The type of each parameter.
  let elements: [FlatElement]
  let gathersParameters: Bool
}

/// What compression carries from step to step on one rank, beside parameters and optimiser state.
public struct CompressionState: Sendable, Hashable {
  /// What this rank's host has not sent of its gradients, in the order of the flat layout; empty for
  /// methods without error feedback.
  public var contributions: [Float] = []
  /// What this rank has not sent of sums over hosts, in the order of the flat layout.
  public var results: [Float] = []
  /// The `Q` of PowerSGD by the number of the parameter: `rank` vectors, one after the other.
  public var bases: [Int: [Float]] = [:]

  /// Nothing.
  public init() {}
}
