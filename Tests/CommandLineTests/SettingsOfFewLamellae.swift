import Foundation
import SerialEMSimulator
import Testing

/// Writes `s.yaml` for a session that goes on with few of the lamellae of a grid; more of their classes may be left out.
func writeSettingsOfFewLamellae(in folder: String, port: Int, level: Int, without classes: String = "", more: String = "") throws {
    let text = """
        session_dir: ./session
        serialem_port: \(port)
        automation_level: \(level)
        WG_model: \(modelsFolder)/lamella-detector-sim
        MM_model: \(modelsFolder)/lamella-segmenter-sim
        exclude_lamella_classes: [gone, broken, thick, wedge\(classes)]
        \(more)
        """
    try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/s.yaml"))
}

/// A session whose targets are chosen, ready for the acquisition.
func withTargetsChosen(_ body: @Sendable (_ folder: String, _ simulator: SimulatorServer) async throws -> Void) async throws {
    try await withFolder { folder in
        try await withSimulator(in: folder, seed: 25) { simulator in
            try writeSettingsOfFewLamellae(in: folder, port: simulator.port, level: 4)
            let targets = try await tomopilot("run", "s.yaml", in: folder)
            #expect((targets.status, targets.error) == (0, ""))
            try writeSettingsOfFewLamellae(in: folder, port: simulator.port, level: 5)
            try await body(folder, simulator)
        }
    }
}

/// All exposures but single images without tilt, by one of which a session that goes on looks how its grid lies.
func exposuresForGood(_ simulator: SimulatorServer) async -> Int {
    await simulator.microscope.exposureLog().count { $0.area != "R" || abs($0.tilt) > 1 }
}

/// Tilted records of tilt series so far; grid maps are taken with Record too.
func records(_ simulator: SimulatorServer) async -> Int {
    await simulator.microscope.exposureLog().count { $0.area == "R" && abs($0.tilt) > 1 }
}
