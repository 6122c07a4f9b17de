import Testing

@testable import SounderTrain

/// A configuration that is wrong, and the lines that say so.
struct BrokenConfiguration: CustomTestStringConvertible, Sendable {
  var yaml: String
  var overrides: [String] = []
  var expected: [String]
  var testDescription: String { yaml.prefix(40) + overrides.joined(separator: " ") }

  init(_ yaml: String, set overrides: String..., says expected: String...) {
    self.yaml = yaml
    self.overrides = overrides
    self.expected = expected
  }
}

@Suite("Errors in configurations")
struct ConfigurationErrorTests {
  static let broken: [BrokenConfiguration] = [
    .init(
      "optimizer:\n  lrr: 0.1\n",
      says: "a.yaml:2:3: error: unknown key 'lrr' in 'optimizer'; did you mean 'lr'?"),
    .init(
      "optimizer: {learning_rate: 0.1}",
      says: "a.yaml:1:13: error: unknown key 'learning_rate' in 'optimizer'; did you mean 'lr'?"),
    .init(
      "optimiser:\n  lr: 0.1\n",
      says: "a.yaml:1:1: error: unknown key 'optimiser'; did you mean 'optimizer'?"),
    .init(
      "train:\n  lr: 0.1\n",
      says: "a.yaml:2:3: error: unknown key 'lr' in 'train'; did you mean 'optimizer.lr'?"),
    .init("frobnicate: 1\n", says: "a.yaml:1:1: error: unknown key 'frobnicate'"),
    .init(
      "batch_size: 3\n",
      says: "a.yaml:1:1: error: unknown key 'batch_size'; did you mean 'train.batch_size'?"),
    .init(
      "optimizer:\n  lr: fast\n",
      says: "a.yaml:2:7: error: 'optimizer.lr': expected a number > 0, found 'fast'"),
    .init(
      "optimizer:\n  lr: -1\n",
      says: "a.yaml:2:7: error: 'optimizer.lr': expected a number > 0, found '-1'"),
    .init(
      "optimizer:\n  lr: .nan\n",
      says: "a.yaml:2:7: error: 'optimizer.lr': expected a number > 0, found '.nan'"),
    .init(
      "optimizer:\n  lr: .inf\n",
      says: "a.yaml:2:7: error: 'optimizer.lr': expected a number > 0, found '.inf'"),
    .init(
      "optimizer:\n  lr: 1e999\n",
      says: "a.yaml:2:7: error: 'optimizer.lr': expected a number > 0, found '1e999'"),
    .init(
      "optimizer:\n  lr: \"0.1\"\n",
      says: "a.yaml:2:7: error: 'optimizer.lr': expected a number > 0, found the text '0.1'"),
    .init(
      "optimizer:\n  lr: [0.1]\n",
      says: "a.yaml:2:7: error: 'optimizer.lr': expected a number > 0, found a list"),
    .init(
      "optimizer:\n  lr:\n  momentum: 0.9\n",
      says: "a.yaml:2:6: error: 'optimizer.lr': expected a number > 0, found nothing"),
    .init(
      "optimizer:\n  momentum: 1.0\n",
      says: "a.yaml:2:13: error: 'optimizer.momentum': expected a number >= 0 and < 1, "
        + "found '1.0'"),
    .init(
      "optimizer:\n  kind: sdg\n",
      says: "a.yaml:2:9: error: 'optimizer.kind': expected one of sgd, adam, adamw, "
        + "found 'sdg'; did you mean 'sgd'?"),
    .init(
      "optimizer:\n  nesterov: yes\n  momentum: 0.9\n",
      says: "a.yaml:2:13: error: 'optimizer.nesterov': expected true or false, found 'yes'; "
        + "did you mean 'true'?"),
    .init(
      "train:\n  epochs: 2.5\n",
      says: "a.yaml:2:11: error: 'train.epochs': expected a whole number from 1 to 1000000, "
        + "found '2.5'"),
    .init(
      "train:\n  epochs: 99999999999999999999\n",
      says: "a.yaml:2:11: error: 'train.epochs': expected a whole number from 1 to 1000000, "
        + "found '99999999999999999999'"),
    .init(
      "train:\n  batch_size: 0\n",
      says: "a.yaml:2:15: error: 'train.batch_size': expected a whole number from 1 to 1000000, "
        + "found '0'"),
    .init(
      "train: 5\n",
      says: "a.yaml:1:8: error: expected a mapping of keys to values under 'train'"),
    .init(
      "model:\n  hidden: [64, 0]\n",
      says: "a.yaml:2:16: error: 'model.hidden': expected a whole number from 1 to 65536, "
        + "found '0'"),
    .init(
      "model:\n  hidden: 64\n",
      says: "a.yaml:2:11: error: 'model.hidden': expected a list of whole numbers from 1 to "
        + "65536, found '64'"),
    .init(
      "parallel:\n  virtual_shards: many\n",
      says: "a.yaml:2:19: error: 'parallel.virtual_shards': expected auto or a whole number "
        + "from 1 to 4096, found 'many'"),
    .init(
      "version: 2\n",
      says: "a.yaml:1:10: error: 'version': expected a whole number from 1 to 1, found '2'"),
    .init(
      "optimizer: {kind: adam}\nparallel: {mode: hogwild}\n",
      says: "a.yaml:1:19: error: parallel.mode: hogwild works with optimizer.kind: sgd only"),
    .init(
      "parallel:\n  mode: hogwild\n  virtual_shards: 4\n  update: sharded\n",
      says: "a.yaml:3:19: error: parallel.virtual_shards has no meaning in parallel.mode: "
        + "hogwild, whose workers take whole batches; set it to auto",
      "a.yaml:4:11: error: parallel.update: sharded has no meaning in parallel.mode: hogwild, "
        + "whose workers update shared parameters"),
    .init(
      "parallel:\n  workers: 4\n",
      says: "a.yaml:2:12: error: parallel.workers needs parallel.mode: hogwild; in sync mode "
        + "start more ranks"),
    .init(
      "parallel:\n  reduction: adasum\n  virtual_shards: 4\n  compression: bf16\n",
      says: "a.yaml:3:19: error: parallel.reduction: adasum depends on the number of ranks and "
        + "needs parallel.virtual_shards: auto",
      "a.yaml:4:16: error: parallel.reduction: adasum needs parallel.compression: none"),
    .init(
      "optimizer:\n  nesterov: true\n",
      says: "a.yaml:2:13: error: nesterov needs optimizer.momentum greater than 0"),
    .init(
      "train: {batch_size: 8}\nparallel: {virtual_shards: 16}\n",
      says: "a.yaml:2:28: error: parallel.virtual_shards (16) exceeds train.batch_size (8): "
        + "some shards would be empty"),
    .init(
      "data: {kind: idx}\n",
      says: "a.yaml:1:14: error: data.kind: idx needs data.path, the directory of the four "
        + "MNIST files"),
    .init(
      "schedule: {kind: cosine, min_lr: 1}\n",
      says: "a.yaml:1:34: error: schedule.min_lr is greater than optimizer.lr"),
    .init(
      "a: 1\na: 2\n", says: "a.yaml:1:1: error: duplicate key 'a'"),
    .init(
      "train: [1, 2\n",
      says: "a.yaml:2:1: error: not valid YAML: did not find expected ',' or ']', while parsing "
        + "a flow sequence"),
    .init(
      "train:\n\tepochs: 1\n",
      says: "a.yaml:2:1: error: not valid YAML: found character that cannot start any token, "
        + "while scanning for the next token"),
    .init(
      "- 1\n- 2\n",
      says: "a.yaml:1:1: error: expected a mapping of keys to values at the top of the file"),
    .init(
      "just text",
      says: "a.yaml:1:1: error: expected a mapping of keys to values at the top of the file"),
    .init(
      "", says: "a.yaml:1:1: error: the file is empty; expected a mapping of keys to values"),
    .init(
      "# only a comment\n",
      says: "a.yaml:1:1: error: the file is empty; expected a mapping of keys to values"),
    .init(
      "seed: 1\n---\nseed: 2\n",
      says: "a.yaml:2:1: error: not valid YAML: but found another document, expected a single "
        + "document in the stream"),
    .init(
      "seed: *nobody\n", says: "a.yaml:1:7: error: not valid YAML: found undefined alias"),
    .init(
      "? [a, b]\n: 1\n", says: "a.yaml:1:3: error: expected a key that is a plain word"),
    .init(
      "seed: 1\n", set: "optimizer.lrr=1",
      says: "--set optimizer.lrr=1: error: unknown key 'lrr' in 'optimizer'; did you mean 'lr'?"),
    .init(
      "seed: 1\n", set: "optimizer.lr=high",
      says: "--set optimizer.lr=high: error: 'optimizer.lr': expected a number > 0, found 'high'"),
    .init(
      "seed: 1\n", set: "optimizer",
      says: "--set optimizer: error: expected key=value, such as optimizer.lr=0.1"),
    .init(
      "seed: 1\n", set: "optimizer=1",
      says: "--set optimizer=1: error: 'optimizer' is a section; name one of its keys, as "
        + "optimizer.kind"),
    .init(
      "seed: 1\n", set: "model.hidden=[1, 2",
      says: "--set model.hidden=[1, 2: error: not valid YAML: did not find expected ',' or ']', "
        + "while parsing a flow sequence"),
    .init(
      "seed: x\ntrain: {epoch: 3}\n", set: "optimizer.lr=0", "modle.hidden=[1]",
      says: "a.yaml:1:7: error: 'seed': expected a whole number >= 0, found 'x'",
      "a.yaml:2:9: error: unknown key 'epoch' in 'train'; did you mean 'epochs'?",
      "--set optimizer.lr=0: error: 'optimizer.lr': expected a number > 0, found '0'",
      "--set modle.hidden=[1]: error: unknown key 'modle.hidden'; did you mean 'model.hidden'?"),
  ]

  @Test("Every mistake is reported with its place and a suggestion", arguments: broken)
  func message(_ broken: BrokenConfiguration) throws {
    let error = #expect(throws: ConfigurationError.self) {
      try ConfigurationReader.read(yaml: broken.yaml, name: "a.yaml", overrides: broken.overrides)
    }
    let text = try #require(error).description
    #expect(text.split(separator: "\n").map(String.init) == broken.expected)
    #expect(try #require(error).exitCode == .configuration)
  }

  @Test("The excerpt points at the place, tabs and overrides included")
  func excerpt() throws {
    let error = #expect(throws: ConfigurationError.self) {
      try ConfigurationReader.read(
        yaml: "train:\n  epochs:  zero\n", name: "a.yaml", overrides: ["optimizer.lr=-3"])
    }
    let lines = try #require(error).text(excerpts: true).split(separator: "\n")
    #expect(lines[1...2] == ["    epochs:  zero", "             ^"])
    #expect(lines[4...5] == ["  optimizer.lr=-3", "               ^"])
  }

  @Test("Files that hold no configuration at all give one line and the right exit code")
  func files() throws {
    let directory = try TemporaryDirectory()
    let deep = String(repeating: "[", count: 200_000)
    let bomb = (1...30).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]" }
    let table: [(name: String, bytes: [UInt8], exit: ExitCode)] = [
      ("binary.yaml", (0...255).map { UInt8($0) }, .configuration),
      ("latin1.yaml", [0x61, 0x3A, 0x20, 0xE9, 0x0A], .configuration),
      ("control.yaml", [0x61, 0x3A, 0x20, 0x01, 0x0A], .configuration),
      ("deep.yaml", Array(deep.utf8), .configuration),
      ("blocks.yaml", Array(String(repeating: "- ", count: 100_000).utf8), .configuration),
      ("keys.yaml", Array(String(repeating: "? ", count: 100_000).utf8), .configuration),
      ("bomb.yaml", Array((["a0: &a0 x"] + bomb).joined(separator: "\n").utf8), .configuration),
      ("huge.yaml", [UInt8](repeating: 0x61, count: 2 << 20), .configuration),
    ]
    for entry in table {
      let path = try directory.write(entry.name, entry.bytes)
      let error = #expect(throws: ConfigurationError.self) {
        try ConfigurationReader.read(file: path)
      }
      let found = try #require(error)
      #expect(found.exitCode == entry.exit)
      #expect(found.description.split(separator: "\n").count == 1, "\(found)")
    }
    for path in ["\(directory.path)/missing.yaml", directory.path] {
      let error = #expect(throws: ConfigurationError.self) {
        try ConfigurationReader.read(file: path)
      }
      #expect(try #require(error).exitCode == .inputMissing)
    }
  }
}
