import Foundation

// DerivativeGenerator FILE OUTPUT_DIRECTORY: writes the Swift files of the operators FILE declares.

let arguments = CommandLine.arguments
guard arguments.count == 3 else {
  print("usage: DerivativeGenerator derivatives.yaml OUTPUT_DIRECTORY")
  exit(64)
}
do {
  let text = try String(contentsOfFile: arguments[1], encoding: .utf8)
  let diagnostics = Diagnostics(file: arguments[1])
  let entries = DeclarationFile.entries(of: text, diagnostics)
  for error in diagnostics.sorted { FileHandle.standardError.write(Data("\(error)\n".utf8)) }
  if !diagnostics.errors.isEmpty { exit(1) }
  let directory = URL(fileURLWithPath: arguments[2])
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  for (name, content) in Emitter(entries: entries, file: arguments[1]).files() {
    try content.write(to: directory.appending(path: name), atomically: true, encoding: .utf8)
  }
} catch {
  FileHandle.standardError.write(Data("\(arguments[1]):1:1: error: \(error)\n".utf8))
  exit(1)
}
