import Foundation
import Testing

@testable import SounderTrain

@Suite("The directory of a run")
struct RunDirectoryTests {
  @Test("A new run replaces what an earlier one left")
  func replace() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/a/b"
    let resolved = try ConfigurationReader.read(yaml: "seed: 3", name: "configs/x.yaml")
    for _ in 0..<2 {
      let run = try RunDirectory.create(
        path, configuration: resolved, command: ["sounder", "train", "a b.yaml", "it's"])
      #expect(!FileManager.default.fileExists(atPath: run.summary))
      try run.writeSummary(["final_loss": 0.5])
      let metrics = try MetricsWriter(path: run.metrics)
      try metrics.write(["step": 1])
      try metrics.write(["step": 2, "loss": .number(.nan)])
      #expect(
        try String(contentsOfFile: run.metrics, encoding: .utf8)
          == "{\"step\":1}\n{\"step\":2,\"loss\":null}\n")
      let again = try ConfigurationReader.read(file: run.configuration)
      #expect(again.configuration == resolved.configuration)
      #expect(
        try String(contentsOfFile: run.command, encoding: .utf8)
          == "sounder train 'a b.yaml' 'it'\\''s'\n")
    }
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        == ["command.txt", "config.yaml", "metrics.jsonl", "summary.json"])
  }

  @Test("The option wins over the configuration, which wins over a name made from the time")
  func naming() throws {
    let plain = try ConfigurationReader.read(yaml: "seed: 3", name: "configs/x.yaml")
    let given = try ConfigurationReader.read(yaml: "run: {dir: here}", name: "configs/x.yaml")
    #expect(RunDirectory.path(option: "there", configuration: given) == "there")
    #expect(RunDirectory.path(option: nil, configuration: given) == "here")
    #expect(RunDirectory.path(option: nil, configuration: plain).hasPrefix("runs/x-"))
  }

  @Test("A directory that cannot be made is an I/O error with the system's reason")
  func unwritable() throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write("f", "")
    let resolved = try ConfigurationReader.read(yaml: "seed: 3")
    let error = #expect(throws: FileError.self) {
      try RunDirectory.create("\(file)/run", configuration: resolved, command: [])
    }
    #expect(try #require(error).exitCode == .inputOutput)
  }
}
