import Foundation
import InferenceWire
import Testing
import Workflow

/// The classes of the settings against those of the models that come along.
@Suite struct ModelClassesTests {
    private struct NoPredictor: Predicting {
        struct Called: Error {}
        func predict(model: String, input: Tensor) async throws -> Tensor { throw Called() }
    }

    static let models = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Models").path

    private func open(_ more: String) throws -> (settings: SessionSettings, models: SessionModels) {
        let settings = try SessionSettings(
            yaml: """
                session_dir: /data/s
                WG_model: \(Self.models)/lamella-detector-sim
                MM_model: \(Self.models)/lamella-segmenter-sim
                \(more)
                """, file: "s.yaml")
        return (settings, try SessionModels(settings: settings, predictor: NoPredictor()))
    }

    @Test func theDefaultListsNameDynabeadsWhichNoModelMustKnow() throws {
        let (settings, models) = try open("")
        #expect(settings.avoidedClasses == ["black", "white", "ice", "crack", "dynabeads"])
        #expect(models.settled(settings).avoidedClasses == ["black", "white", "ice", "crack"])
        guard case .note(let text)? = models.remarks.first else { Issue.record("no note"); return }
        #expect(text.contains("dynabeads"))
    }

    @Test func aClassOfSPACEtomoThatTheModelLacksIsAWarning() throws {
        let (settings, models) = try open("avoid_list: [black, coating, vacuole]")
        #expect(models.settled(settings).avoidedClasses == ["black"])
        guard case .warning(let text)? = models.remarks.first else { Issue.record("no warning"); return }
        #expect(text.contains("coating, vacuole"))
    }

    @Test(arguments: ["avoid_list: [crak]", "target_list: [vacuole]"])
    func aSlipAndAnUnknownTargetStop(line: String) {
        #expect(throws: WorkflowError.self) { try open(line) }
    }
}
