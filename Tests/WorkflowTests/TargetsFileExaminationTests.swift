import Foundation
import InferenceWire
import Microscope
import Testing
@testable import Workflow

/// What `tomopilot doctor` says of targets files that lie in the session's folders.
@Suite struct TargetsFileExaminationTests {
    private struct NoPredictor: Predicting {
        struct Called: Error {}
        func predict(model: String, input: Tensor) async throws -> Tensor { throw Called() }
    }

    private static let target = "_bset measureGeo = False\n_tgt = 001\ntsfile = a.mrc\nSSX = 0\nSSY = 0\nstageX = 1\nstageY = 2\nskip = False\n"

    private func findings(_ files: [String: String]) throws -> [Finding] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("files-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("G"), withIntermediateDirectories: true)
        for (name, text) in files { try Data(text.utf8).write(to: folder.appendingPathComponent("G/" + name)) }
        let settings = try SessionSettings(yaml: "session_dir: \(folder.path)\nWG_model: a\nMM_model: b\n", file: "s")
        return SessionExamination(settings: settings, predictor: NoPredictor()).targetsFileFindings()
    }

    @Test func soundFilesAreCounted() throws {
        #expect(try findings([:]).isEmpty)
        #expect(
            try findings(["G_L01_tgts.txt": Self.target, "G_L02_tgts.txt": Self.target])
                == [Finding("targets files", .good, "2 targets files that PACEtomo reads as they are meant")])
    }

    @Test func whatPACEtomoWouldTripOverIsNamedWithFileAndLine() throws {
        let found = try findings(["G_L01_tgts.txt": "_set groupSize = 2\n" + Self.target, "G_L02_tgts.txt": Self.target])
        #expect(found.map(\.verdict) == [.odd])
        #expect(found.first?.seen.hasPrefix("2 targets files: G_L01_tgts.txt, line 1: groupSize becomes a floating-point number") == true)
    }

    @Test func whatPACEtomoBeganWithIsLeftOut() throws {
        #expect(try findings(["G_L01_tgts.txt": "junk\n", "G_L01_tgts_run01.txt": "junk\n"]).isEmpty)
    }
}
