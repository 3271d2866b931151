import Foundation
import Logging
import SerialEMSimulator
import Testing

/// A folder of its own for each test, gone afterwards.
func withFolder(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("night-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // The system's own name for it, without links, is the one that messages use.
    try await body(folder.resolvingSymlinksInPath().path)
}

/// A detector that loads at once and finds nothing.
let detector = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden/finds-nothing").path

/// Writes `s.yaml` for a level 1 session in `session` beside it.
func writeSettings(in folder: String, port: Int, model: String = detector, more: String = "") throws {
    let text = """
        session_dir: ./session
        serialem_port: \(port)
        automation_level: 1
        WG_model: \(model)
        MM_model: not-used-at-level-1
        \(more)
        """
    try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/s.yaml"))
}

/// Every file below a folder, by its path in it. Directories do not count: an empty one is nothing half written.
func files(in folder: String) throws -> Set<String> {
    Set(
        try FileManager.default.subpathsOfDirectory(atPath: folder).filter {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: folder + "/" + $0, isDirectory: &isFolder) && !isFolder.boolValue
        })
}

/// A virtual microscope on a free port while the body runs.
func withSimulator(
    in folder: String, seed: UInt64 = 1, kind: MicroscopeKind = .thermo, _ body: @Sendable (SimulatorServer) async throws -> Void
) async throws {
    let server = try await SimulatorServer.bind(
        configuration: SimulatorConfiguration(seed: seed, folder: folder, kind: kind), port: 0, logger: Logger(label: "test"))
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        try await body(server)
        group.cancelAll()
    }
}

/// The run failed with this and nothing else on standard error.
func expectSentence(_ sentence: String, _ ending: Ending, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(ending.error == "tomopilot: \(sentence)\n", sourceLocation: sourceLocation)
    #expect(ending.status == 1, sourceLocation: sourceLocation)
}
