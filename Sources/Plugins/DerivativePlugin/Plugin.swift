import Foundation
import PackagePlugin

/// Runs the generator over the target's `derivatives.yaml`, before every build that changes it.
@main
struct DerivativePlugin: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let input = target.directoryURL.appending(path: "derivatives.yaml")
    let output = context.pluginWorkDirectoryURL
    let names = ["Operators.swift", "OperatorNodes.swift", "OperatorRegistry+Entries.swift"]
    return [
      .buildCommand(
        displayName: "Generating operators from derivatives.yaml",
        executable: try context.tool(named: "DerivativeGenerator").url,
        arguments: [input.path, output.path],
        inputFiles: [input],
        outputFiles: names.map { output.appending(path: $0) })
    ]
  }
}
