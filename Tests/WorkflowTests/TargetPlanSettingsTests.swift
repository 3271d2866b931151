import Foundation
import Targets
import Testing
import Units
@testable import Workflow

@Suite struct TargetPlanSettingsTests {
    private func settings(_ more: String) throws -> SessionSettings {
        try SessionSettings(yaml: "session_dir: /data/s\nWG_model: det\nMM_model: seg\n" + more, file: "s.yaml")
    }

    @Test func reachOrderAndSeedAreWhatTheSettingsSay() throws {
        let said = try settings("IS_limit: 7.5\ntarget_order: score\ntarget_seed: 4\n")
        #expect(said.imageShiftLimit == Micrometers(7.5) && said.targetOrder == .score && said.targetSeed == 4)
    }

    @Test func journalsOfEarlierBuildsHoldWhereNothingIsSaid() throws {
        for text in ["", "IS_limit: 0\ntarget_order: path\ntarget_seed: \(TargetSettings.usualSeed)\n"] {
            let json = String(decoding: try JSONEncoder().encode(try settings(text)), as: UTF8.self)
            for key in ["imageShiftLimit", "targetOrder", "targetSeed"] { #expect(!json.contains("\"\(key)\"")) }
        }
    }

    @Test(arguments: [
        ("IS_limit: 0.05", "s.yaml, line 4: 'IS_limit' is '0.05'; it must be a number from 0.1 to 50 µm, or 0 for as far as SerialEM and PACEtomo shift"),
        ("target_order: best", "s.yaml, line 4: 'target_order' is 'best'; it must be one of path, score"),
        ("target_seed: -1", "s.yaml, line 4: 'target_seed' is '-1'; it must be a whole number from 0 to \(Int.max)"),
    ])
    func whatIsWrongIsSaid(_ line: String, _ words: String) {
        #expect { try settings(line) } throws: { "\($0)" == words }
    }
}
