import SounderArray
import SounderAutograd
import SounderComm
import SounderNN
import Testing

@testable import SounderParallel

/// A model that learns a fixed batch over several hosts.
struct CompressedRun: Sendable, CustomStringConvertible {
  var compression: Compression
  var hostOfRank: [Int]
  var update = DataParallel.Update.sharded
  var clipNorm: Double?
  var bucketBytes = 4096
  var steps = 60

  var description: String { "\(compression), hosts \(hostOfRank), \(update)" }

  struct Result: Sendable {
    var bits: [UInt32]
    var losses: [Double]
    var bytes: Int
    var state: CompressionState
  }

  static let all: [Self] = {
    var powerSGD = PowerSGD.Options()
    powerSGD.startStep = 3
    powerSGD.rank = 2
    let kinds: [Compression] = [
      .bf16, .fp16, .int8, .topK(fraction: 0.1), .powerSGD(powerSGD),
    ]
    return kinds.flatMap { kind in
      [
        Self(compression: kind, hostOfRank: [0, 1]),
        Self(compression: kind, hostOfRank: [0, 0, 1, 1], update: .replicated, clipNorm: 1),
        Self(compression: kind, hostOfRank: [0, 1, 1, 2, 2, 2], bucketBytes: 1 << 20),
      ]
    }
  }()

  func callAsFunction(_ group: any ProcessGroup) throws -> Result {
    let model = MLP(16, hidden: [96, 64], 4)
    model.initialize(seed: 5)
    var stream = RandomStream(seed: 21, stream: 0)
    let inputs = Tensor.randn([48, 16], from: &stream)
    let targets = Tensor((0..<48).map { _ in stream.next(below: 4) })
    var options = DataParallel.Options()
    options.update = update
    options.virtualShards = 8
    options.bucketBytes = bucketBytes
    options.clipNorm = clipNorm
    options.compression = compression
    let parallel = try DataParallel(
      model: model, optimizer: .sgd(learningRate: 0.1, momentum: 0.9), group: group,
      options: options)
    let losses = try (0..<steps).map { _ in
      try parallel.step(learningRate: 0.1, sampleCount: 48) { shard in
        let range = parallel.plan.samples(of: shard, in: 48)
        return model(inputs.narrow(0, range.lowerBound, range.count))
          .crossEntropy(targets.narrow(0, range.lowerBound, range.count))
      }.loss
    }
    return Result(
      bits: TrainingRun.bits(model), losses: losses, bytes: parallel.networkBytes,
      state: parallel.compressionState)
  }

  func onThreads() throws -> [Result] {
    try ThreadGroup.run(hostOfRank: hostOfRank, timeout: .seconds(60)) { try self($0) }
  }
}

@Suite struct CompressionThreadTests {
  @Test(
    "DP-18…DP-21: training converges with compressed gradients, and all hosts keep one model",
    arguments: CompressedRun.all)
  func converges(run: CompressedRun) throws {
    let results = try run.onThreads()
    #expect(results.allSatisfy { $0.bits == results[0].bits })
    let (first, last) = (results[0].losses[0], results[0].losses[run.steps - 1])
    #expect(last < first / 3, "loss \(first) became \(last)")
  }

  @Test("DP-18…DP-21: the same job gives the same bits again", arguments: CompressedRun.all)
  func repeats(run: CompressedRun) throws {
    var short = run
    short.steps = 6
    #expect(try short.onThreads()[0].bits == short.onThreads()[0].bits)
  }

  private static func bytes(_ compression: Compression) throws -> Int {
    var run = CompressedRun(compression: compression, hostOfRank: [0, 1], bucketBytes: 16384)
    run.steps = 20
    return try run.onThreads().reduce(0) { $0 + $1.bytes }
  }

  @Test(
    "DP-18: 16 bits a value halve the bytes between hosts", arguments: [Compression.bf16, .fp16])
  func halves(compression: Compression) throws {
    let (plain, half) = (try Self.bytes(.none), try Self.bytes(compression))
    #expect(plain > 0)
    #expect(Double(half) < 0.51 * Double(plain), "\(half) of \(plain) bytes")
  }

  @Test("DP-19…DP-21: the other forms send less still")
  func fewBytes() throws {
    let plain = Double(try Self.bytes(.none))
    var powerSGD = PowerSGD.Options()
    powerSGD.startStep = 0
    #expect(Double(try Self.bytes(.int8)) < 0.27 * plain)
    #expect(Double(try Self.bytes(.topK(fraction: 0.05))) < 0.12 * plain)
    #expect(Double(try Self.bytes(.powerSGD(powerSGD))) < 0.15 * plain)
  }

  @Test("DP-20: before its first step PowerSGD gives the bits of uncompressed sums")
  func start() throws {
    var powerSGD = PowerSGD.Options()
    powerSGD.startStep = 5
    var run = CompressedRun(compression: .powerSGD(powerSGD), hostOfRank: [0, 0, 1, 1])
    var plain = run
    plain.compression = .none
    (run.steps, plain.steps) = (5, 5)
    #expect(try run.onThreads()[0].bits == plain.onThreads()[0].bits)
    (run.steps, plain.steps) = (6, 6)
    #expect(try run.onThreads()[0].bits != plain.onThreads()[0].bits)
  }

  @Test("DP-20, DP-21: what was not sent is part of the state")
  func state() throws {
    let sparse = try CompressedRun(compression: .topK(fraction: 0.1), hostOfRank: [0, 1])
      .onThreads()
    #expect(sparse.allSatisfy { $0.state.contributions.contains { $0 != 0 } })
    let low = try CompressedRun(compression: .powerSGD(.init()), hostOfRank: [0, 0, 1]).onThreads()
    #expect(!low[0].state.bases.isEmpty)
    #expect(low[0].state.bases == low[2].state.bases)
    #expect(low[1].state == CompressionState())
  }

  @Test("DP-20: PowerSGD is refused where hosts update parts of matrices")
  func refused() throws {
    #expect {
      try ThreadGroup.run(hostOfRank: [0, 1], timeout: .seconds(20)) { group in
        var options = DataParallel.Options()
        options.shardState = .all
        options.compression = .powerSGD(.init())
        _ = try DataParallel(
          model: MLP(4, hidden: [4], 2), optimizer: .sgd(learningRate: 0.1), group: group,
          options: options)
      }
    } throws: { "\($0)".contains("parallel.compression powersgd") }
  }

  @Test("On one host nothing is compressed", arguments: CompressedRun.all)
  func oneHost(run: CompressedRun) throws {
    var (alone, plain) = (run, run)
    alone.hostOfRank = [0, 0]
    plain.hostOfRank = [0, 0]
    plain.compression = .none
    (alone.steps, plain.steps) = (3, 3)
    #expect(try alone.onThreads()[0].bits == plain.onThreads()[0].bits)
  }
}
