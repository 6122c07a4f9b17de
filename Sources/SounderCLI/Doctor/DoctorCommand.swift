import ArgumentParser
import Foundation
import Sounder

/// `sounder doctor`: what the program runs on, and whether that is as it should be.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Describes the machine and the libraries in use, and checks them.",
    discussion: "Ends with exit code 1 if something is broken.")

  @Flag(help: "Writes one JSON object.")
  var json = false

  mutating func run() throws {
    let report = Doctor().report()
    print(json ? report.json.compact : report.text)
    if report.hasErrors { try Failure.finish(with: .failure) }
  }
}
