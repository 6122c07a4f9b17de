import Testing

@testable import SounderTrain

@Suite("Reading configurations")
struct ConfigurationReaderTests {
  @Test("Values come from the file, then from overrides in order, and know their origin")
  func origins() throws {
    let resolved = try ConfigurationReader.read(
      yaml: "seed: 7\noptimizer:\n  lr: 1e-3\n  kind: adam\n",
      overrides: ["optimizer.lr=0.5", "model.hidden=[32, 16]", "optimizer.lr=0.25"])
    let configuration = resolved.configuration
    #expect(configuration.seed == 7)
    #expect(configuration.optimizer.lr == 0.25)
    #expect(configuration.optimizer.kind == .adam)
    #expect(configuration.model.hidden == [32, 16])
    #expect(resolved.origin(of: "seed") == .file(line: 1))
    #expect(resolved.origin(of: "optimizer.lr") == .override)
    #expect(resolved.origin(of: "optimizer.beta1") == .standard)
  }

  @Test("The printed form reads back as the same configuration")
  func roundTrip() throws {
    let resolved = try ConfigurationReader.read(
      yaml: """
        run: {dir: "a b: c"}
        data: {kind: csv, path: "t#.csv", target: "1"}
        train: {clip_norm: 1.5, max_steps: 12}
        parallel: {virtual_shards: 4}
        """)
    for showsOrigins in [false, true] {
      let again = try ConfigurationReader.read(yaml: resolved.yaml(origins: showsOrigins))
      #expect(again.configuration == resolved.configuration)
    }
    #expect(resolved.yaml(origins: true).contains("max_steps: 12                         # file:3"))
  }

  @Test("Values without effect are warnings, not errors")
  func warnings() throws {
    let resolved = try ConfigurationReader.read(
      yaml: "optimizer: {kind: adam, momentum: 0.9}\n", name: "a.yaml")
    #expect(
      resolved.warnings.map(\.line) == [
        "a.yaml:1:35: warning: 'optimizer.momentum' has no effect with optimizer.kind: adam"
      ])
  }

  @Test("Numbers may be written as people write them", arguments: ["1e-5", "0.00001", "1.0E-5"])
  func numbers(_ text: String) throws {
    let resolved = try ConfigurationReader.read(yaml: "optimizer: {lr: \(text)}")
    #expect(resolved.configuration.optimizer.lr == 1e-5)
  }

  @Test("Null turns an optional value off, and a few aliases are fine")
  func optional() throws {
    let resolved = try ConfigurationReader.read(
      yaml: "seed: &s 3\ntrain: {clip_norm: ~, max_steps: *s}\nmodel:\n",
      overrides: ["train.clip_norm=null", "data.path="])
    #expect(resolved.configuration.train.clipNorm == nil)
    #expect(resolved.configuration.train.maxSteps == 3)
    #expect(resolved.configuration.data.path == nil)
  }

  @Test("The JSON Schema lists every key with its type, limits and default")
  func jsonSchema() throws {
    let schema = Configuration.schema.jsonSchema
    let reread = try JSONValue(parsing: Array(schema.pretty.utf8))
    #expect(reread.compact == schema.compact)
    let lr = schema["properties"]?["optimizer"]?["properties"]?["lr"]
    #expect(lr?["exclusiveMinimum"]?.number == 0)
    #expect(lr?["default"]?.number == 0.05)
    for field in Configuration.schema.fields {
      var node: JSONValue? = schema
      for part in field.path { node = node?["properties"]?[part] }
      #expect(node?["description"]?.string == field.doc, "\(field.name)")
    }
  }

  @Test("Every default is allowed by its own key")
  func defaults() throws {
    let resolved = try ConfigurationReader.read(yaml: "seed: 0")
    let again = try ConfigurationReader.read(yaml: resolved.yaml(origins: false))
    #expect(again.configuration == Configuration())
  }

  @Test(
    "Edit distance counts swaps as one",
    arguments: [("lr", "lr", 0), ("sdg", "sgd", 1), ("", "abc", 3), ("kitten", "sitting", 3)])
  func distance(_ a: String, _ b: String, _ expected: Int) {
    #expect(Spelling.distance(a, b) == expected)
    #expect(Spelling.distance(b, a) == expected)
  }
}
