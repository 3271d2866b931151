import Targets
import Testing

/// The behaviour of PACEtomo 1.9.2c's parser, observed by running it.
struct PACEtomoTargetsTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var failure: PACEtomoParseError.Kind?
        var testDescription: String { text.debugDescription }
        init(_ text: String, _ failure: PACEtomoParseError.Kind?) {
            self.text = text
            self.failure = failure
        }
    }

    static let rows = [
        Row("# comment\n_tgt = 001\n", .indexError),
        Row("_tgt = 001\n# a comment\n", nil),
        Row("_tgt = 001\nword\n", .indexError),
        Row("_set x =\n", .indexError),
        Row("_set x=3\n", .indexError),
        Row("_set x = 3 \n", .indexError),
        Row("_set x = abc\n", .valueError),
        Row("_set measureGeo = True\n", .valueError),
        Row("_set unheardOf = 3\n", nil),
        Row("_bset unheardOf = True\n", nil),
        Row("_tgt = 001\ntsfile=a.mrc\n", .indexError),
        Row("_tgt = 001\n indented\n", nil),
        Row("_geo = 1\nSSX = abc\n", .valueError),
        Row("_geo = 1\nfocus = 3\n", nil),
        Row("\u{FEFF}_set step = 3\n", .indexError),
        Row("_set step = 3\r\n\r\n_tgt = 001\r\ntsfile = a.mrc\r\n", nil),
        Row("_pbr\n", .indexError),
        Row("_spos = 1,2\n", nil),
        Row("_spos = 1, 2\n", .valueError),
        Row("", nil),
    ]

    @Test(arguments: rows) func failsWherePACEtomoFails(_ row: Row) {
        do throws(PACEtomoParseError) {
            _ = try PACEtomoTargets(parsing: row.text)
            #expect(row.failure == nil)
        } catch {
            #expect(error.kind == row.failure)
        }
    }

    @Test(arguments: ["True", "true", "yes", "y", "on"]) func theseWordsAreTrue(_ word: String) throws {
        #expect(try PACEtomoTargets(parsing: "_bset measureGeo = \(word)\n").flags == ["measureGeo": true])
    }

    @Test(arguments: ["1", "False", "0", "ja"]) func anyOtherWordIsFalse(_ word: String) throws {
        #expect(try PACEtomoTargets(parsing: "_bset measureGeo = \(word)\n").flags == ["measureGeo": false])
    }

    @Test func aCommentInsideATargetBecomesAKey() throws {
        #expect(try PACEtomoTargets(parsing: "_tgt = 001\n# a comment\n").targets == [["#": "comment"]])
    }

    @Test func aNameIsCutAtABlank() throws {
        let read = try PACEtomoTargets(parsing: "_tgt = 001\ntsfile = my file.mrc\n")
        #expect(read.targets == [["tsfile": "my"]])
    }

    @Test func anyLineThatBeginsWithTheKeywordOpensATarget() throws {
        #expect(try PACEtomoTargets(parsing: "_tgts = 3\nskip = True\n").targets == [["skip": "True"]])
    }

    @Test func carriageReturnsAreNotPartOfValues() throws {
        let read = try PACEtomoTargets(parsing: "_set step = 3\r\n_tgt = 001\r\ntsfile = a.mrc\r\n")
        #expect(read.targets == [["tsfile": "a.mrc"]])
        #expect(read.settings == ["step": 3])
    }

    @Test func unknownSettingsAreWarnings() throws {
        let read = try PACEtomoTargets(parsing: "_set unheardOf = 3\n")
        #expect(read.settings.isEmpty)
        #expect(read.warnings == ["line 1: PACEtomo has no variable 'unheardOf'"])
    }

    @Test func aGeoPointWithoutShiftFailsOnlyWhenMeasured() throws {
        let target = "_tgt = 001\ntsfile = a.mrc\nSSX = 0\nSSY = 0\nstageX = 1\nstageY = 2\nskip = False\n_geo = 1\nstageX = 3\n"
        try PACEtomoTargets(parsing: target).checkAcquirable()
        let measured = try PACEtomoTargets(parsing: "_bset measureGeo = True\n" + target)
        #expect(throws: PACEtomoParseError.self) { try measured.checkAcquirable() }
    }

    @Test(arguments: ["tsfile", "SSX", "stageX", "skip"]) func aMissingKeyStopsTheAcquisition(_ missing: String) throws {
        let lines = ["tsfile = a.mrc", "SSX = 0", "SSY = 0", "stageX = 1", "stageY = 2", "skip = False"]
        let text = "_tgt = 001\n" + lines.filter { !$0.hasPrefix(missing) }.joined(separator: "\n") + "\n"
        do throws(PACEtomoParseError) {
            try PACEtomoTargets(parsing: text).checkAcquirable()
            Issue.record("accepted without \(missing)")
        } catch {
            #expect(error.kind == .keyError)
        }
    }

    @Test func branchRecordsOfARunFileBelongToTheirTarget() throws {
        let read = try PACEtomoTargets(
            parsing: "_spos = 1,2\n_tgt = 001\ntsfile = a.mrc\n_pbr\nSSX = 1,2\n_nbr\nSSX = \n_tgt = 002\ntsfile = b.mrc\n")
        #expect(read.positiveBranches == [0: ["SSX": "1,2"]])
        #expect(read.negativeBranches == [0: ["SSX": ""]])
        #expect(read.targets == [["tsfile": "a.mrc"], ["tsfile": "b.mrc"]])
        #expect(read.resume?.section == 1 && read.resume?.position == 2)
    }
}
