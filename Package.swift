// swift-tools-version: 6.2
import PackageDescription

/// Settings every Swift target shares: warnings are errors.
let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error), .enableUpcomingFeature("ExistentialAny"),
]

/// `MPI` is a trait: with it the package links Open MPI, without it everything but `mpirun` works.
let mpi: [SwiftSetting] = strict + [.define("MPI", .when(traits: ["MPI"]))]

func library(
  _ name: String, _ dependencies: [Target.Dependency], settings: [SwiftSetting] = strict,
  exclude: [String] = [], plugins: [Target.PluginUsage] = []
) -> Target {
  .target(
    name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings,
    plugins: plugins)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.init(stringLiteral: name)] + dependencies,
    exclude: exclude, swiftSettings: mpi)
}

let package = Package(
  name: "Sounder",
  products: [
    .library(name: "Sounder", targets: ["Sounder"]),
    .executable(name: "sounder", targets: ["SounderCLI"]),
  ],
  traits: [
    .trait(name: "MPI", description: "Ranks as processes started by mpirun (needs Open MPI)."),
    .default(enabledTraits: ["MPI"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
  ],
  targets: [
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(
      name: "CMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev", "openmpi-bin"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CKernels"),
    library("SchemaLanguage", []),
    library("SounderTrace", ["CKernels"]),
    library("SounderArray", ["CKernels", "COpenBLAS"]),
    library(
      "SounderAutograd", ["SounderArray", "SounderTrace", "SchemaLanguage", "CKernels"],
      exclude: ["derivatives.yaml"],
      plugins: ["DerivativePlugin"]),
    library("SounderNN", ["SounderAutograd", "SounderArray", "CKernels"]),
    library(
      "SounderComm",
      [
        "SounderArray", "SounderTrace", "CKernels",
        .target(name: "CMPI", condition: .when(traits: ["MPI"])),
      ],
      settings: mpi),
    library(
      "SounderParallel",
      ["SounderArray", "SounderAutograd", "SounderNN", "SounderComm", "SounderTrace", "CKernels"]),
    library(
      "SounderTrain",
      [
        "SounderTrace", "SounderArray", "SounderAutograd", "SounderNN", "SounderComm",
        "SounderParallel", "CKernels", "CZlib",
        .product(name: "Yams", package: "Yams"),
      ]),
    library(
      "Sounder",
      [
        "SounderArray", "SounderAutograd", "SounderNN", "SounderComm", "SounderParallel",
        "SounderTrain", "SounderTrace",
      ]),
    library("SounderConformance", ["SounderArray", "SounderAutograd", "SounderTrain"]),
    .executableTarget(
      name: "SounderCLI",
      dependencies: [
        "Sounder", "SounderConformance",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: mpi),
    .executableTarget(
      name: "DerivativeGenerator",
      dependencies: ["SchemaLanguage", .product(name: "Yams", package: "Yams")],
      swiftSettings: strict),
    .plugin(
      name: "DerivativePlugin", capability: .buildTool(), dependencies: ["DerivativeGenerator"],
      path: "Sources/Plugins/DerivativePlugin"),
    tests("SounderTrace", ["CKernels"]),
    tests("SounderArray", ["CKernels"]),
    tests("SounderAutograd", ["SounderArray"]),
    tests("DerivativeGenerator", ["SchemaLanguage"]),
    tests("SounderNN", ["SounderAutograd", "SounderArray"]),
    .target(
      name: "TestSupport", dependencies: ["SounderComm"], path: "Tests/TestSupport",
      swiftSettings: mpi),
    tests("SounderComm", ["SounderArray", "CKernels", "TestSupport"]),
    tests(
      "SounderParallel",
      ["SounderArray", "SounderAutograd", "SounderNN", "SounderComm", "TestSupport"]),
    tests(
      "SounderTrain",
      [
        "SounderArray", "SounderAutograd", "SounderNN", "SounderComm", "SounderParallel",
        "SounderTrace", "CKernels",
      ]),
    tests("SounderConformance", ["SounderArray", "SounderAutograd", "SounderTrain"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu17
)
