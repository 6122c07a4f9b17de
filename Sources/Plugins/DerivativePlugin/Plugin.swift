import PackagePlugin

/// Runs the generator over `derivatives.yaml`.
@main
struct DerivativePlugin: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] { [] }
}
