import Foundation
import Targets
import Testing
import Units
@testable import Workflow

/// What settings ask of targets beyond classes and spacing.
struct TargetWishesTests {
    private static let least = "session_dir: /data/s\nWG_model: det\nMM_model: seg\ngrid_list: [1, 2]\n"

    private func settings(_ text: String) throws -> SessionSettings { try SessionSettings(yaml: Self.least + text, file: "s.yaml") }
    private func targets(_ settings: SessionSettings) -> TargetSettings { settings.targetSettings(imageShiftLimit: Micrometers(15)) }

    @Test func whatIsAskedForIsWhatTargetsAreChosenBy() throws {
        let text = """
            class_weights: {mitos: 0.5, ice: 2}
            class_rules:
                - {class: mitos, suppressed_by: ice, within: 0.1}
                - {class: mitos, only_near: cell, within: 2, probability: 0.6}
            minimum_object: 0.2
            per_instance: 1
            max_targets: 3
            min_distance: 4.5
            """
        let chosen = targets(try settings(text))
        #expect(chosen.classWeights == ["mitos": 0.5, "ice": 2])
        #expect(
            chosen.classRules == [
                ClassRule("mitos", .suppressed, "ice", within: Micrometers(0.1)), ClassRule("mitos", .dependent, "cell", within: Micrometers(2), probability: 0.6),
            ])
        #expect((chosen.minimumObject, chosen.targetsPerInstance, chosen.maximumTargets) == (0.2, 1, 3))
        #expect(chosen.minimumDistance == Micrometers(4.5))
    }

    /// A session that was begun before the keys were known goes on with the same steps.
    @Test func whoAsksForNothingHasTheSettingsOfBefore() throws {
        let plain = try settings("")
        func encoded(_ settings: some Encodable) throws -> String { String(decoding: try JSONEncoder().encode(settings), as: UTF8.self) }
        #expect(try settings("class_weights: {}\nclass_rules: []\nminimum_object: 0\nper_instance: 0\nmax_targets: 0\nmin_distance: 0\n") == plain)
        #expect(try !encoded(plain).contains("targetWishes"))
        for key in ["class_weights", "class_rules", "minimum_object", "per_instance", "max_targets", "min_distance"] {
            #expect(try !encoded(targets(plain)).contains(key))
        }
    }

    @Test func aGridHasItsOwnWishesAndTakesBackThoseOfAll() throws {
        let all = try settings("max_targets: 5\nper_instance: 1\ngrids: {2: {max_targets: 2, per_instance: 0}}\n")
        #expect((targets(all.of(grid: 1)).maximumTargets, targets(all.of(grid: 1)).targetsPerInstance) == (5, 1))
        #expect((targets(all.of(grid: 2)).maximumTargets, targets(all.of(grid: 2)).targetsPerInstance) == (2, nil))
        #expect(all.of(grid: 2).ofTheSample != all.of(grid: 1).ofTheSample)
    }

    @Test func singleSettingsAreChangedByWords() throws {
        let plain = TargetSettings(maximumTargets: 4)
        let changed = try plain.changed(by: ["target_list=[cell, mitos]", "max_targets= 0", "IS_limit=8", "class_weights={cell: 0.2}"], source: "--set")
        #expect(changed == TargetSettings(targetClasses: ["cell", "mitos"], imageShiftLimit: Micrometers(8), classWeights: ["cell": 0.2]))
        #expect(try plain.changed(by: [], source: "--set") == plain)
        let error = #expect(throws: SettingsError.self) { try plain.changed(by: ["max_tilt=steep", "speed=3"], source: "--set") }
        #expect(
            error?.description
                == "--set has 2 problems:\n  'max_tilt' is 'steep'; it must be a number from 0 to 75 degrees\n  unknown key 'speed'; 'tomopilot init' writes all that are known")
    }
}
