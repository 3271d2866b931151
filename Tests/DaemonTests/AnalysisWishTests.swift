@testable import Daemon
import Foundation
import ModelStore
import Testing
import Workflow

/// What a queued session may say of the workers of a service.
@Suite struct AnalysisWishTests {
    private func settings(_ more: String, facility: String?, _ body: (() throws -> SessionSettings) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("wish-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder + "/model", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let folders = try AllowedFolders(
            sessions: folder, models: nil, store: ModelStore(folder: folder + "/store"), analysis: try facility.flatMap { try AnalysisSettings.read(yaml: $0, file: "facility.yaml") })
        try body {
            try folders.settings("session_dir: \(folder)/s\nWG_model: \(folder)/model\nMM_model: \(folder)/model\nautomation_level: 1\n\(more)", name: "s.yaml", base: folder)
        }
    }

    @Test func aSessionThatWantsWorkersGetsThoseOfTheService() throws {
        try settings("analysis: slurm", facility: "analysis: workers\nslurm_partition: gpu\nslurm_worker: /opt/tomopilot") { settings in
            let analysis = try #require(try settings().analysis)
            #expect(analysis.place == .slurm)
            #expect(analysis.partition == "gpu")
            #expect(analysis.worker == "/opt/tomopilot")
        }
    }

    @Test(arguments: ["slurm_worker: /tmp/mine", "slurm_arguments: ['--uid=0']", "analysis_token_file: /etc/shadow", "analysis_port: 1"])
    func whatIsRunOnTheClusterIsNotSaidByASession(key: String) throws {
        try settings("analysis: slurm\n\(key)", facility: "analysis: slurm") { settings in
            #expect(
                throws: ServiceError(
                    .badRequest,
                    "Only 'analysis' may be said in a session of this service; the keys 'analysis_...' and 'slurm_...' belong in the file of 'tomopilot serve --analysis'.")
            ) { try settings() }
        }
    }

    @Test func aServiceThatKnowsNoWorkersSaysSo() throws {
        try settings("analysis: workers", facility: nil) { settings in
            #expect(throws: ServiceError(.badRequest, "'analysis' is workers, and this service knows no workers; start it with --analysis FILE.")) { try settings() }
        }
        try settings("", facility: "analysis: slurm") { settings in
            let analysis = try settings().analysis
            #expect(analysis == nil)
        }
    }
}
