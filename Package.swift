// swift-tools-version: 6.2
import Foundation
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]
// Loops over pixels and bytes are a hundred times slower without the optimiser; the tests of these targets would be too.
let numeric: [SwiftSetting] = strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]

// The environment's LIBTORCH names the folder of another libtorch than the system's, as pytorch.org packs it (include, lib), or that of a Python's torch.
let libtorch = Context.environment["LIBTORCH"].flatMap { $0.isEmpty ? nil : $0 }
func holds(_ file: String) -> Bool { libtorch.map { FileManager.default.fileExists(atPath: "\($0)/\(file)") } ?? false }
if let libtorch, !(holds("lib/libtorch_cpu.so") && holds("include/torch/csrc/api/include/torch/cuda.h")) {
    FileHandle.standardError.write(Data("LIBTORCH names \(libtorch), which holds no libtorch: lib/libtorch_cpu.so and include/torch have to be there.\n".utf8))
    exit(1)
}
let torchFlags: [CXXSetting] = libtorch.map { [.unsafeFlags(["-I\($0)/include", "-I\($0)/include/torch/csrc/api/include"])] } ?? []
// Its CUDA part registers itself when it is loaded; no symbol of it is asked for.
let torchLibraries: [LinkerSetting] =
    (libtorch.map { [.unsafeFlags(["-L\($0)/lib", "-Xlinker", "-rpath", "-Xlinker", "\($0)/lib"])] } ?? [])
    + [.linkedLibrary("torch_cpu"), .linkedLibrary("c10")]
    + (holds("lib/libtorch_cuda.so") ? [.unsafeFlags(["-Xlinker", "--no-as-needed", "-ltorch_cuda", "-lc10_cuda", "-Xlinker", "--as-needed"])] : [])

let nio = "swift-nio"
let nioCore: Target.Dependency = .product(name: "NIOCore", package: nio)
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: nio)
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: nio)
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

// Files that neither the client nor the simulator made; tests read them where they lie.
let withGoldenFiles: Set = ["ImageFiles", "InferenceWorker", "Navigator", "SerialEMProtocol", "Targets"]

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.target(name: name)] + dependencies,
        exclude: withGoldenFiles.contains(name) ? ["Golden"] : [], swiftSettings: strict)
}

let package = Package(
    name: "TomoPilot",
    products: [
        .executable(name: "tomopilot", targets: ["tomopilot"]),
        .executable(name: "tomopilot-infer", targets: ["tomopilot-infer"]),
        .executable(name: "serialem-sim", targets: ["serialem-sim"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0", traits: []),
    ],
    targets: [
        // The ground: values, no input or output.
        .target(name: "Version", swiftSettings: strict),
        .target(name: "Units", swiftSettings: numeric),
        .target(name: "Geometry", dependencies: ["Units"], swiftSettings: numeric),
        .target(name: "Raster", swiftSettings: numeric),
        // Files.
        .systemLibrary(name: "CTIFF", pkgConfig: "libtiff-4", providers: [.apt(["libtiff-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CZLIB", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CImageCodecs", dependencies: ["CTIFF", "CPNG"]),
        .target(name: "ImageFiles", dependencies: ["Raster", "Units", "CImageCodecs"], swiftSettings: numeric),
        .target(name: "Navigator", dependencies: ["ImageFiles", "Geometry", "Units"], swiftSettings: strict),
        // A lock that async functions may use.
        .target(name: "Locks", swiftSettings: strict),
        // The wire.
        .target(name: "SerialEMProtocol", swiftSettings: numeric),
        .target(
            name: "SerialEMClient", dependencies: ["Locks", "SerialEMProtocol", "Units", logging],
            swiftSettings: strict),
        // What tries the wire, for tests and benchmarks.
        .executableTarget(
            name: "wire-check", dependencies: ["Locks", "SerialEMClient", "SerialEMProtocol", nioCore, nioPosix, logging, arguments],
            swiftSettings: numeric),
        // The simulator: Specimen is what lies on the grid, SerialEMSimulator is the program in front of it.
        .target(name: "Specimen", dependencies: ["Raster", "Geometry", "Units"], swiftSettings: numeric),
        .target(
            name: "SerialEMSimulator",
            dependencies: [
                "Locks", "SerialEMProtocol", "Specimen", "Raster", "Geometry", "Units", "ImageFiles", "Navigator", nioCore, nioPosix,
                hummingbird, httpTypes, logging,
            ], exclude: ["Commands.md"], swiftSettings: numeric),
        .executableTarget(
            name: "serialem-sim",
            dependencies: [
                "SerialEMSimulator", "Specimen", "Raster", "ImageFiles", "Navigator", "Targets", "Units", "Geometry", "Version",
                logging, arguments, serviceLifecycle, unixSignals,
            ], swiftSettings: numeric),
        // The networks: one worker links libtorch, nobody else.
        .target(name: "CTorchShim", cxxSettings: torchFlags, linkerSettings: torchLibraries),
        .target(name: "InferenceWire", dependencies: ["Units"], swiftSettings: numeric),
        .target(
            name: "Inference", dependencies: ["InferenceWire", "CTorchShim"],
            swiftSettings: strict + [.strictMemorySafety()]),
        .executableTarget(name: "tomopilot-infer", dependencies: ["CMemory", "Inference", "InferenceWire", "Version"], swiftSettings: strict),
        // Programs that are started from here.
        .target(name: "Processes", dependencies: ["Locks", "CMemory"], swiftSettings: strict),
        .target(name: "InferenceWorker", dependencies: ["Locks", "InferenceWire", "Processes", logging], swiftSettings: strict),
        // Models that others have trained: read without running anything in them, and kept.
        .target(name: "ModelFiles", dependencies: ["CZLIB", "InferenceWire"], swiftSettings: numeric),
        .target(name: "ModelStore", dependencies: ["ModelFiles", "InferenceWire", "Units"], swiftSettings: strict),
        // Analysis: pure functions of maps.
        .target(
            name: "Detection", dependencies: ["InferenceWire", "Raster", "Geometry", "Units"], swiftSettings: numeric),
        .target(
            name: "Segmentation", dependencies: ["InferenceWire", "Raster", "Units"], swiftSettings: numeric),
        .target(name: "Targets", dependencies: ["Locks", "Raster", "Geometry", "Units"], swiftSettings: numeric),
        // What tries the choice of targets, for benchmarks.
        .executableTarget(
            name: "targets-check", dependencies: ["Targets", "ImageFiles", "Raster", "Geometry", "Units"], swiftSettings: strict),
        .target(
            name: "Pictures", dependencies: ["Raster", "Geometry", "Units", "Targets"], swiftSettings: numeric),
        // Images that lie in files: what the networks say of them, and the files about that.
        .target(
            name: "Analysis",
            dependencies: ["AnalysisJobs", "Detection", "Segmentation", "Pictures", "Targets", "ImageFiles", "InferenceWire", "Raster", "Geometry", "Units"], swiftSettings: numeric),
        // Maps that workers elsewhere analyse: what travels, and who works on what.
        .target(
            name: "AnalysisJobs", dependencies: ["Detection", "Segmentation", "InferenceWire", "Raster", "Geometry", "Units"], swiftSettings: numeric),
        // The session.
        .target(
            name: "Microscope", dependencies: ["Geometry", "Raster", "Units", "Navigator"], swiftSettings: strict),
        .target(
            name: "SerialEMMicroscope",
            dependencies: ["Microscope", "SerialEMClient", "SerialEMProtocol", "Geometry", "Raster", "Units", "Navigator", logging],
            swiftSettings: strict),
        .target(
            name: "Workflow",
            dependencies: [
                "Locks", "Microscope", "Detection", "Segmentation", "Targets", "Pictures", "ImageFiles", "Navigator", "Raster",
                "Geometry", "Units", "InferenceWire", "ModelStore", "AnalysisJobs", .product(name: "Yams", package: "Yams"),
            ], swiftSettings: strict),
        .target(
            name: "Store", dependencies: ["Workflow", grdb], swiftSettings: strict),
        // The service around sessions.
        .target(name: "CMemory"),
        .target(
            name: "Daemon",
            dependencies: [
                "Locks", "CMemory", "AnalysisJobs", "Workflow", "Store", "ModelStore", "SerialEMMicroscope", "InferenceWorker", "InferenceWire", "Microscope", "ImageFiles", "Processes", hummingbird,
                hummingbirdCore, serviceLifecycle, httpTypes, httpClient, nioCore, nioPosix, nioHTTP1, nioSSL, logging,
            ], swiftSettings: strict),
        .executableTarget(
            name: "tomopilot",
            dependencies: [
                "Locks", "CMemory", "Workflow", "Store", "Daemon", "Microscope", "SerialEMMicroscope", "InferenceWorker", "InferenceWire", "ImageFiles", "ModelStore", "Analysis", "AnalysisJobs",
                "Detection", "Segmentation", "Raster", "Processes", "Units", "Version", serviceLifecycle, logging, arguments,
            ], swiftSettings: strict),
        // Tests.
        tests("Geometry", ["Units"]),
        tests("Raster", []),
        tests("Processes", []),
        tests("ImageFiles", ["Raster", "Units"]),
        tests("Navigator", ["Geometry", "Units"]),
        tests("SerialEMProtocol", []),
        tests("SerialEMClient", ["SerialEMMicroscope", "SerialEMProtocol", "Units", nioCore, nioPosix, logging]),
        tests("Specimen", ["Raster", "Geometry", "Units"]),
        tests(
            "SerialEMSimulator",
            [
                "SerialEMClient", "SerialEMProtocol", "Geometry", "Units", "ImageFiles", "Navigator", "Raster", nioCore, nioPosix, logging,
            ]),
        tests("InferenceWorker", ["InferenceWire", "Processes", "Raster", "Units", "Segmentation", "tomopilot-infer", logging]),
        .target(name: "CheckpointAssembly", path: "Tests/CheckpointAssembly", swiftSettings: strict),
        tests("ModelFiles", ["CMemory", "CZLIB", "CheckpointAssembly", "InferenceWire"]),
        tests("ModelStore", ["InferenceWire"]),
        tests("Detection", ["InferenceWire", "Raster", "Geometry", "Units"]),
        tests("Segmentation", ["InferenceWire", "Raster", "Units"]),
        tests("AnalysisJobs", ["Detection", "Segmentation", "InferenceWire", "Raster", "Geometry", "Units"]),
        tests("Targets", ["Raster", "Geometry", "Units"]),
        tests("Pictures", ["Targets", "Raster", "Geometry", "Units"]),
        tests(
            "Workflow",
            [
                "Store", "Microscope", "SerialEMMicroscope", "SerialEMClient", "SerialEMSimulator", "Detection",
                "Segmentation", "Targets", "ImageFiles", "Navigator", "Raster", "Geometry", "Units", "InferenceWire", "ModelStore", grdb, logging,
            ]),
        tests(
            "Daemon",
            [
                "Workflow", "Store", "ModelStore", "Microscope", "ImageFiles", "SerialEMSimulator", "AnalysisJobs", "Raster", "Detection", "InferenceWire", "Units", grdb, hummingbird, httpTypes, serviceLifecycle, nioCore, nioPosix,
                logging,
            ]),
        // The programs as an operator starts them.
        .testTarget(
            name: "CommandLineTests",
            dependencies: [
                "tomopilot", "tomopilot-infer", "serialem-sim", "wire-check", "Geometry", "SerialEMClient", "SerialEMMicroscope", "SerialEMProtocol", "SerialEMSimulator", "ImageFiles", "InferenceWire", "InferenceWorker", "Navigator", "Processes",
                "Raster", "Store", "Targets", "Workflow", "CheckpointAssembly", logging,
            ], exclude: ["Golden"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
