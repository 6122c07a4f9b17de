import ArgumentParser
import Sounder

/// `sounder report`: a run as one page of HTML.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Writes a run as one page of HTML.",
    discussion: """
      Loss, throughput, learning rate, where the time of every rank went, and the timeline of three \
      steps if the run was traced (sounder train --trace). The page needs no network.
      """)

  @Argument(help: "The directory of a run.", completion: .directory)
  var runDir: String

  @Option(
    name: .shortAndLong, help: "Where the page goes; without it report.html in the run's directory."
  )
  var output: String?

  func run() throws {
    let path = output ?? "\(runDir)/report.html"
    try RunReport(RunDirectory(path: runDir)).write(to: path)
    print(path)
  }
}
