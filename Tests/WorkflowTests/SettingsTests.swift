import Testing
import Units
@testable import Workflow

@Suite struct SettingsTests {
    private static let least = "session_dir: /data/s\nWG_model: det\nMM_model: seg\n"

    private func problems(of text: String) -> String? {
        do {
            _ = try SessionSettings(yaml: text, file: "s.yaml")
            return nil
        } catch {
            return error.description
        }
    }

    @Test func theCommentedExampleIsASession() throws {
        let settings = try SessionSettings(yaml: SessionSettings.commentedExample, file: "example")
        #expect(settings.automationLevel == 4)
        #expect(settings.mediumStates == ["3"])
        #expect(settings.maximumTilt == Degrees(60))
    }

    @Test func theExampleAndTheDefaultsAgree() throws {
        let example = try SessionSettings(yaml: SessionSettings.commentedExample, file: "example")
        let folders = "session_dir: ./session\nWG_model: Models/lamella-detector-sim\nMM_model: Models/lamella-segmenter-sim\n"
        #expect(try SessionSettings(yaml: folders, file: "least") == example)
    }

    @Test(arguments: [
        ("automation_levle: 4", "s.yaml, line 4: unknown key 'automation_levle'; did you mean 'automation_level'?"),
        ("WG_modell: x", "s.yaml, line 4: unknown key 'WG_modell'; did you mean 'WG_model'?"),
        ("colour: red", "s.yaml, line 4: unknown key 'colour'; 'tomopilot init' writes all that are known"),
        ("automation_level: 7", "s.yaml, line 4: 'automation_level' is '7'; it must be a whole number from 1 to 5"),
        ("max_tilt: steep", "s.yaml, line 4: 'max_tilt' is 'steep'; it must be a number from 0 to 75 degrees"),
        ("sparse_targets: 3", "s.yaml, line 4: 'sparse_targets' is '3'; it must be true or false"),
        ("MM_image_state: 3", "s.yaml, line 4: 'MM_image_state' is '3'; it must be a list of Low Dose imaging states, such as [3]"),
        ("acquisition: tomo5", "s.yaml, line 4: 'acquisition' is 'tomo5'; it must be one of pacetomo, serialem"),
        ("grid_list: [0]", "s.yaml, line 4: 'grid_list' is [0]; it must be a list of cassette slots, such as [1, 3]"),
        ("serialem_host: ~", "s.yaml, line 4: 'serialem_host' is empty; it must be a host name or address"),
        ("WG_image_state: \"a\\nb\"", "s.yaml, line 4: 'WG_image_state' is 'a·b'; it must be the number or the name of an imaging state"),
        (
            "safe_state: [beam, sleep]",
            "s.yaml, line 4: 'safe_state' is [beam, sleep]; it must be a list of some of beam, tilt, valves, screen, or []"
        ),
        (
            "interlocks: vacuum",
            "s.yaml, line 4: 'interlocks' is 'vacuum'; it must be a list of some of dewars, vacuum, valves, autoloader, stage, beam, disk, or []"
        ),
        ("interlock_hours: 0", "s.yaml, line 4: 'interlock_hours' is '0'; it must be a number from 0.01 to 200 hours"),
        (
            "maximum_dose_before_acquisition: -1",
            "s.yaml, line 4: 'maximum_dose_before_acquisition' is '-1'; it must be a number from 0 to 1000 e/Å²"
        ),
        ("on_grid_failure: wait", "s.yaml, line 4: 'on_grid_failure' is 'wait'; it must be one of stop, skip, retry"),
        ("uncertain_steps: ask", "s.yaml, line 4: 'uncertain_steps' is 'ask'; it must be one of stop, skip, repeat"),
        ("grids: {2: {max_tilt: 50}}", "s.yaml, line 4: 'grids' names '2'; it must be a slot of grid_list (1)"),
        ("grids:\n    1:\n        max_tilt: 90", "s.yaml, line 6: 'max_tilt' is '90'; it must be a number from 0 to 75 degrees"),
        ("grids:\n    1:\n        max_tlt: 50", "s.yaml, line 6: unknown key 'max_tlt'; did you mean 'max_tilt'?"),
        ("grids:\n    1:\n        on_failure: never", "s.yaml, line 6: 'on_failure' is 'never'; it must be one of stop, skip, retry"),
        ("grids:\n    1:", "s.yaml, line 5: 'grids' has nothing for slot 1; give it keys such as 'on_failure: skip', or take it out"),
        ("grids: 3", "s.yaml, line 4: 'grids' is '3'; it must be a group for each slot, such as '3:' with 'on_failure: skip' below it"),
        (
            "grids: {1: {avoid_list: [mitos]}}",
            "s.yaml, 'mitos' is in target_list and in avoid_list for slot 1; it must be in one of them"
        ),
        (
            "class_weights: {cell: 11}",
            "s.yaml, line 4: 'class_weights' is a group of keys; it must be a group of classes with their weights from 0 to 10, such as {cell: 0.5, ice: 2}"
        ),
        (
            "class_rules: [{class: mitos, only_near: ice, suppressed_by: cell}]",
            "s.yaml, line 4: a rule of 'class_rules' must have one of suppressed_by and only_near"
        ),
        ("class_rules: [{class: mitos, only_near: mitos}]", "s.yaml, line 4: a rule of 'class_rules' is about mitos and mitos; it must name two classes"),
        ("class_rules: [{class: mitos, onlynear: ice}]", "s.yaml, line 4: unknown key 'onlynear'; did you mean 'only_near'?"),
        ("per_instance: -1", "s.yaml, line 4: 'per_instance' is '-1'; it must be a whole number from 0 to 1000"),
        ("min_distance: far", "s.yaml, line 4: 'min_distance' is 'far'; it must be a number from 0 to 100 µm"),
        ("avoid_list: [mitos]", "s.yaml, 'mitos' is in target_list and in avoid_list; it must be in one of them"),
        (
            "manual_selection: true",
            "s.yaml, line 4: 'manual_selection' is 'true'; it must be false, because targets by hand are set in SerialEM after level 3"
        ),
    ])
    func aWrongLineIsNamedWithWhatWouldBeRight(line: String, message: String) {
        #expect(problems(of: Self.least + line + "\n") == message)
    }

    @Test func ofAHundredThousandUnknownKeysThoseThatAreShownHaveAHint() throws {
        let lines = (1 ... 100_000).map { "max_til\($0 % 9)\($0): 1\n" }.joined()
        let error = #expect(throws: SettingsError.self) { try SessionSettings(yaml: Self.least + lines, file: "s.yaml") }
        #expect(error?.problems.count == 100_000)
        #expect(error?.problems[0].message == "unknown key 'max_til11'; did you mean 'max_tilt'?")
        #expect(error?.problems[20].message == "unknown key 'max_til321'; 'tomopilot init' writes all that are known")
        #expect(error?.description.hasSuffix("and 99980 more") == true)
    }

    @Test("A folder whose files would have names that are too long is refused", arguments: [
        ("/data/" + String(repeating: "é", count: 91), true), ("/data/" + String(repeating: "é", count: 90), false),
        ("/" + String(repeating: "x", count: 256) + "/s", true), ("/" + String(repeating: "x", count: 255) + "/s", false),
    ])
    func longNames(folder: String, isRefused: Bool) {
        #expect((problems(of: Self.least.replacing("/data/s", with: folder)) != nil) == isRefused)
    }

    @Test("What cannot be seen has no place in a name", arguments: ["\u{200B}", "\u{202E}", "\u{FEFF}", "\u{2028}", "\u{AD}"])
    func hidden(character: String) {
        #expect(problems(of: Self.least + "WG_image_state: \"a\(character)b\"\n")?.contains("it must be the number or the name") == true)
    }

    @Test func aGridsNameBecomesWhatEveryProgramTakes() {
        #expect(Session.plain("HeLa_1-b") == "HeLa_1-b")
        #expect(Session.plain("Zürich 3/β\n") == "Zurich_3___")
    }

    @Test func theNameOfAGridIsCutByBytesBetweenLetters() {
        #expect(NameLength.cut("Zelle") == "Zelle")
        #expect(NameLength.cut(String(repeating: "é", count: 200)) == String(repeating: "é", count: 90))
    }

    @Test func aGridHasItsOwnSettingsAndAllElseIsThatOfTheSession() throws {
        let text = Self.least + """
            grid_list: [1, 2, 3]
            max_tilt: 55
            grids:
                2: {automation_level: 2, max_tilt: 40, uncertain_steps: repeat, avoid_list: [black]}
                3:
                    name: Yeast_3
            """
        let settings = try SessionSettings(yaml: text, file: "s.yaml")
        #expect(settings.of(grid: 1) == settings.of(grid: 3))
        #expect(settings.of(grid: 1).maximumTilt == Degrees(55))
        let own = settings.of(grid: 2)
        #expect((own.automationLevel, own.maximumTilt, own.uncertainSteps) == (2, Degrees(40), .repeat))
        #expect(own.avoidedClasses == ["black"])
        #expect(settings.highestLevel == 4)
        #expect(settings.withLevel(1).highestLevel == 1)
        let without = try SessionSettings(yaml: Self.least + "grid_list: [1, 2, 3]\nmax_tilt: 55\n", file: "s.yaml")
        #expect(try inputDigest(of: settings.of(grid: 1)) == inputDigest(of: without))
    }

    @Test func aSwitchOfSPACEtomoForWhatTomoPilotNeverDoesMayBeOff() {
        #expect(problems(of: Self.least + "manual_selection: false\n") == nil)
        #expect(problems(of: Self.least + "manual_selection: 1\n")?.contains("it must be false, because") == true)
    }

    @Test func whoeverIsAskedToLookHasHalfADayUnlessTheSettingsSayMore() throws {
        let asked = try SessionSettings(
            yaml: Self.least + "WG_wait_for_inspection: True\nMM_wait_for_inspection: yes\n", file: "s.yaml").inspection
        #expect((asked.waitsForLamellae, asked.waitsForTargets, asked.hours, asked.reminderMinutes, asked.timeout) == (true, true, 12, 30, .skip))
        #expect(
            problems(of: Self.least + "inspection_timeout: later\n")
                == "s.yaml, line 4: 'inspection_timeout' is 'later'; it must be one of skip, go_on")
    }

    @Test func twentyProblemsAreShownAndTheRestIsCounted() {
        let text = Self.least + (1 ... 1000).map { "key\($0): 1\n" }.joined()
        let lines = problems(of: text)?.split(separator: "\n") ?? []
        #expect(lines.count == 22)
        #expect(lines.first == "s.yaml has 1000 problems:")
        #expect(lines.last == "  and 980 more")
    }

    @Test func allProblemsComeAtOnce() {
        let text = "automation_level: high\nWG_model: det\nmaxtilt: 60\n"
        #expect(
            problems(of: text) == """
                s.yaml has 3 problems:
                  line 1: 'automation_level' is 'high'; it must be a whole number from 1 to 5
                  line 3: unknown key 'maxtilt'; did you mean 'max_tilt'?
                  'session_dir' is missing; it must be the folder to write the session into
                """)
    }

    @Test func anEmptyFileSaysHowToBegin() {
        #expect(
            problems(of: "") == "s.yaml, the file holds no settings; 'tomopilot init' writes one with every key explained")
    }

    @Test func aKeyGivenTwiceIsRefused() {
        #expect(problems(of: Self.least + "max_tilt: 50\nmax_tilt: 60\n")?.contains("'max_tilt' is given twice; keep one") == true)
    }
}
