import Foundation
import Targets
import Testing
import Units

/// One case and more for each thing at which PACEtomo 1.9.2 stops, asks, leaves out or misreads.
struct TargetsFileCheckTests {
    /// A change of a file without findings, and what is found then.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var rule: TargetsFileRule
        var line: Int?
        var name = "G_L01_tgts.txt"
        var files: Set<String> = ["a_view.mrc", "b_view.mrc"]
        let change: @Sendable (String) -> String

        init(_ description: String, _ rule: TargetsFileRule, line: Int?, _ change: @escaping @Sendable (String) -> String) {
            testDescription = description
            self.rule = rule
            self.line = line
            self.change = change
        }

        init(_ description: String, _ rule: TargetsFileRule, line: Int?, replacing old: String, with new: String) {
            self.init(description, rule, line: line) { $0.replacing(old, with: new) }
        }

        init(_ description: String, _ rule: TargetsFileRule, name: String? = nil, beside files: [String], line: Int? = nil) {
            self.init(description, rule, line: line) { $0 }
            if let name { self.name = name }
            self.files.formUnion(files)
        }
    }

    /// Two targets and three geo points, in 29 lines.
    static let sound = """
        _set startTilt = 0
        _set minTilt = -60
        _set maxTilt = 60
        _set step = 3
        _bset measureGeo = True

        _tgt = 001
        tsfile = a_ts.mrc
        viewfile = a_view.mrc
        SSX = 0.0000
        SSY = 0.0000
        stageX = 1.0000
        stageY = 2.0000
        skip = False

        _tgt = 002
        tsfile = b_ts.mrc
        viewfile = b_view.mrc
        SSX = 3.0000
        SSY = 4.0000
        skip = False

        _geo = 1
        SSX = 5.0000
        SSY = 1.0000
        _geo = 2
        SSX = -5.0000
        SSY = 1.0000
        _geo = 3
        SSX = 0.0000
        SSY = -5.0000

        """

    static let inTheText = [
        Case("a byte order mark", .noByteOrderMark, line: 1) { "\u{FEFF}" + $0 },
        Case("an umlaut", .plainLetters, line: 8, replacing: "a_ts.mrc", with: "ä_ts.mrc"),
        Case("a comment before the first target", .readableLines, line: 1) { "# mine\n" + $0 },
        Case("one word in a target", .readableLines, line: 15, replacing: "skip = False\n\n_tgt", with: "skip = False\nword\n\n_tgt"),
        Case("a setting without a value", .readableLines, line: 4, replacing: "step = 3", with: "step ="),
        Case("a setting without blanks", .readableLines, line: 4, replacing: "step = 3", with: "step=3"),
        Case("a trailing blank behind a setting", .readableLines, line: 4, replacing: "step = 3", with: "step = 3 "),
        Case("a setting that is no number", .readableLines, line: 4, replacing: "step = 3", with: "step = three"),
        Case("a switch set as a number's word", .readableLines, line: 5, replacing: "_bset", with: "_set"),
        Case("an entry without blanks", .readableLines, line: 8, replacing: "tsfile = a", with: "tsfile=a"),
        Case("text in a geo point", .readableLines, line: 24, replacing: "SSX = 5.0000\nSSY = 1", with: "SSX = five\nSSY = 1"),
        Case("a branch before a target", .readableLines, line: 6, replacing: "True\n\n_tgt = 001", with: "True\n_pbr\n_tgt = 001"),
        Case("a position with a blank", .readableLines, line: 6, replacing: "True\n\n_tgt = 001", with: "True\n_spos = 1, 2\n_tgt = 001"),
        Case("an indented line", .noIndentedLines, line: 14, replacing: "skip = False\n\n_tgt", with: " skip = False\nskip = False\n\n_tgt"),
        Case("a comment in a target", .noComments, line: 8, replacing: "tsfile = a_ts", with: "# the first\ntsfile = a_ts"),
        Case("a name with a blank", .oneWordValues, line: 8, replacing: "a_ts.mrc", with: "a ts.mrc"),
        Case("a blank behind a value", .oneWordValues, line: 8, replacing: "a_ts.mrc", with: "a_ts.mrc "),
        Case("two blanks before a value", .oneWordValues, line: 8, replacing: "= a_ts.mrc", with: "=  a_ts.mrc"),
        Case("another word with a keyword's letters", .exactKeywords, line: 16, replacing: "_tgt = 002", with: "_tgts = 002"),
        Case("a key twice", .noRepetitions, line: 11, replacing: "SSX = 0.0000\nSSY = 0.0000\nstageX", with: "SSX = 0.0000\nSSX = 0.0000\nSSY = 0.0000\nstageX"),
        Case("a setting twice", .noRepetitions, line: 5, replacing: "_set step = 3\n", with: "_set step = 3\n_set step = 3\n"),
    ]

    static func adding(_ setting: String) -> @Sendable (String) -> String { { setting + "\n" + $0 } }

    static let inSettings = [
        Case("a name that PACEtomo does not know", .knownSettings, line: 1, adding("_set stepp = 3")),
        Case("a switch's line for a number", .fittingSettings, line: 1, adding("_bset pretilt = True")),
        Case("1 for true", .plainSwitches, line: 5, replacing: "measureGeo = True", with: "measureGeo = 1"),
        Case("a number that is none", .finiteNumbers, line: 1, adding("_set pretilt = nan")),
        Case("an infinite place of a geo point", .finiteNumbers, line: 24, replacing: "SSX = 5.0000", with: "SSX = inf"),
        Case("a group size", .noCounts, line: 1, adding("_set groupSize = 2")),
        Case("tiles of a montage", .noCounts, line: 1, adding("_set tgtMntSize = 2")),
        Case("a limit of image shift", .noImageShiftLimit, line: 1, adding("_set imageShiftLimit = 15")),
        Case("beam tilt compensation off", .noBeamTiltCompensationOff, line: 1, adding("_bset beamTiltComp = False")),
        Case("sorting on", .noSortingOn, line: 1, adding("_bset sortByTilt = True")),
        Case("references from previews that are not there", .previewsForReferences, line: 8, adding("_bset refFromPreview = True")),
        Case("two start tilts", .oneStartTilt, line: 2, adding("_set tiltTargets = 9")),
        Case("tilt limits in the other order", .orderedLimits, line: 2) {
            $0.replacing("minTilt = -60", with: "minTilt = 60").replacing("maxTilt = 60", with: "maxTilt = -60")
        },
        Case("defocus limits in the other order", .orderedLimits, line: 1, adding("_set minDefocus = -3\n_set maxDefocus = -5")),
        Case("a start outside of the tilts", .startWithinTilts, line: 1, replacing: "startTilt = 0", with: "startTilt = 63"),
        Case("no step", .startWithinTilts, line: 1, replacing: "step = 3", with: "step = 0"),
        Case("limits between steps", .wholeSteps, line: 3, replacing: "maxTilt = 60", with: "maxTilt = 61"),
        Case("a start tilt with the pretilt's sign", .startAgainstPretilt, line: 2) {
            "_set pretilt = 9\n" + $0.replacing("startTilt = 0", with: "startTilt = 9")
        },
    ]

    static let inTargets = [
        Case("no target", .someTarget, line: nil) { _ in "_set step = 3\n" },
        Case("nothing but skipped targets", .acquiredTargets, line: 7, replacing: "skip = False", with: "skip = True"),
        Case("a skipped tracking target", .acquiredTargets, line: 14, replacing: "skip = False\n\n_tgt", with: "skip = True\n\n_tgt"),
        Case("no tilt series", .neededKeys, line: 16, replacing: "tsfile = b_ts.mrc\n", with: ""),
        Case("no image shift", .neededKeys, line: 16, replacing: "SSX = 3.0000\n", with: ""),
        Case("no stage position of the first target", .neededKeys, line: 7, replacing: "stageX = 1.0000\n", with: ""),
        Case("no skip", .skipWritten, line: 16, replacing: "4.0000\nskip = False\n", with: "4.0000\n"),
        Case("a skip that skips nothing", .skipExact, line: 21, replacing: "4.0000\nskip = False", with: "4.0000\nskip = true"),
        Case("a position that is no number", .numericPositions, line: 12, replacing: "stageX = 1.0000", with: "stageX = far"),
        Case("a tracking target with image shift", .trackingAtZero, line: 10, replacing: "SSX = 0.0000\nSSY = 0.0000\nstage", with: "SSX = 1.0000\nSSY = 0.0000\nstage"),
        Case("one tilt series for two targets", .seriesOfTheirOwn, line: 17, replacing: "b_ts.mrc", with: "a_ts.mrc"),
        Case("a folder", .plainFileNames, line: 17, replacing: "b_ts.mrc", with: "D:\\b_ts.mrc"),
        Case("a pattern", .plainFileNames, line: 17, replacing: "b_ts.mrc", with: "b[1].mrc"),
        Case("a tgtfile that the GUI of selectTargets left", .noFileCalledNone, line: 17, replacing: "tsfile = b", with: "tgtfile = None\ntsfile = b"),
        Case("no View reference", .viewFiles, line: 16, replacing: "viewfile = b_view.mrc\n", with: ""),
        Case("a Low Dose area that does not exist", .knownLowDoseArea, line: 17, replacing: "tsfile = b", with: "LDArea = F\ntsfile = b"),
        Case("a target beyond PACEtomo's own limit", .withinImageShift, line: 19, replacing: "SSX = 3.0000", with: "SSX = 19.6000"),
        Case("a target beyond SerialEM's limit", .withinImageShift, line: 19, replacing: "SSX = 3.0000", with: "SSX = 15.0000"),
        Case("a target beyond a limit for alignment of its own", .withinImageShift, line: 20, adding("_set alignLimit = 16")),
        Case("geo points, and nothing said of them", .geometrySaid, line: 22, replacing: "_bset measureGeo = True\n", with: ""),
        Case("two geo points", .enoughGeoPoints, line: 5, replacing: "_geo = 3\nSSX = 0.0000\nSSY = -5.0000\n", with: ""),
        Case("geo points beyond image shift", .enoughGeoPoints, line: 5, replacing: "SSY = -5.0000", with: "SSY = -25.0000"),
        Case("geo points in a line", .enoughGeoPoints, line: 5, replacing: "SSY = -5.0000", with: "SSY = 1.0000"),
        Case("a geo point without its shift", .geoPointShifts, line: 26, replacing: "SSX = -5.0000\n", with: ""),
    ]

    static let around: [Case] = [
        Case("a pattern in the file's own name", .plainOwnName, name: "G[1]_tgts.txt", beside: []),
        Case("a run file beside it", .noRunFile, beside: ["G_L01_tgts_run01.txt", "G_L01_tgts_run02.txt"]),
        Case("an interrupted run", .noInterruptedRun, line: 6, replacing: "True\n\n_tgt = 001", with: "True\n_spos = 3,1\n_tgt = 001"),
        Case("what a run file has lost", .nothingLostInRun, name: "G_L01_tgts_run01.txt", beside: []),
        Case("a reference that is not there", .filesPresent, line: 18, replacing: "b_view.mrc", with: "c_view.mrc"),
        Case("a tilt series that is there", .newSeries, beside: ["b_ts.mrc"], line: 17),
        Case("tilts beyond the stage", .tiltsWithinStage, line: 3, replacing: "maxTilt = 60", with: "maxTilt = 72"),
    ]

    static let all = inTheText + inSettings + inTargets + around

    static func findings(_ text: String, name: String = "G_L01_tgts.txt", files: Set<String> = ["a_view.mrc", "b_view.mrc"]) -> [TargetsFileFinding] {
        TargetsFileCheck(surroundings: .init(files: files, imageShiftLimit: Micrometers(15), stageTilt: Degrees(70)))
            .findings(in: text, named: name)
    }

    @Test func aSoundFileHasNoFindings() {
        #expect(Self.findings(Self.sound).isEmpty)
        #expect(Self.findings(Self.sound.replacing("\n", with: "\r\n")).isEmpty)
    }

    @Test(arguments: all) func isFoundAtItsLine(_ example: Case) {
        let text = example.change(Self.sound)
        let found = Self.findings(text, name: example.name, files: example.files)
        #expect(found.contains { $0.rule == example.rule && $0.line == example.line }, "\(found.map(\.description))")
        for finding in found {
            #expect(finding.file == example.name && finding.description.hasSuffix("."))
            #expect(!finding.words.contains("\n"))
        }
    }

    @Test func everyRuleHasACase() {
        #expect(Set(Self.all.map(\.rule)) == Set(TargetsFileRule.allCases))
    }

    /// Where the parser stops there is a finding that stops, and nowhere else among the lines.
    @Test(arguments: all) func theCheckStopsWherePACEtomoStops(_ example: Case) {
        let text = example.change(Self.sound)
        let unreadable = Self.findings(text).contains { [.readableLines, .noByteOrderMark].contains($0.rule) }
        #expect((try? PACEtomoTargets(parsing: text)) == nil ? unreadable : !unreadable)
    }

    @Test func sentencesNameFileLineAndRemedy() {
        func sentence(_ old: String, _ new: String) -> String? { Self.findings(Self.sound.replacing(old, with: new)).first?.description }
        #expect(
            sentence("a_ts.mrc", "a ts.mrc")
                == "G_L01_tgts.txt, line 8: PACEtomo reads 'a' only, because a value ends at a blank; write one word, and nothing behind it.")
        #expect(
            sentence("_set step", "_set stepp")
                == "G_L01_tgts.txt, line 4: PACEtomo has no variable 'stepp' and ignores the line; perhaps 'step' was meant.")
        #expect(
            sentence("SSX = 3.0000", "SSX = 18.0000")
                == "G_L01_tgts.txt, line 19: target 2 is 18.44 µm from the first, and PACEtomo leaves out what is beyond 15 µm; move it, or set its skip to True.")
        #expect(
            Self.findings(Self.sound, files: ["a_view.mrc", "b_view.mrc", "G_L01_tgts_run03.txt"]).map(\.description)
                == ["G_L01_tgts.txt: PACEtomo reads G_L01_tgts_run03.txt, the last run file beside it, and not this file; move the run files away for this one to count."])
    }

    @Test func aSkippedTargetMayLieAnywhere() {
        #expect(Self.findings(Self.sound.replacing("SSX = 3.0000", with: "SSX = 30.0000").replacing("4.0000\nskip = False", with: "4.0000\nskip = True")).isEmpty)
    }

    @Test func theReachIsTheLesserOfBothPrograms() {
        #expect(PACEtomoLimits.reach(imageShiftLimit: Micrometers(15)) == Micrometers(15))
        #expect(PACEtomoLimits.reach(imageShiftLimit: Micrometers(25)) == Micrometers(19.5))
        #expect(PACEtomoLimits.reach(imageShiftLimit: nil, script: Micrometers(12), alignment: Micrometers(1)) == Micrometers(11))
    }

    /// What three writers of such files are known to make.
    @Test func filesOfOtherProgramsAreShownWithWhatTheyLack() {
        func rules(_ text: String) -> Set<TargetsFileRule> {
            Set(TargetsFileCheck().findings(in: text, named: "x_tgts.txt").map(\.rule))
        }
        #expect(rules(OtherPrograms.automaticSPACEtomo) == [.geometrySaid])
        #expect(rules(OtherPrograms.selectTargets) == [.geometrySaid])
        #expect(rules(OtherPrograms.targetsFromMontageInDummyMode) == [.geometrySaid, .neededKeys])
        #expect(rules(OtherPrograms.selectTargetsAfterSPACEtomo).isSuperset(of: [.readableLines, .noFileCalledNone]))
        #expect(rules(OtherPrograms.interruptedRun) == [.noInterruptedRun, .nothingLostInRun])
    }
}
