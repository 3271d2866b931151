import Foundation
import Geometry
import Targets
import Testing
import Units

struct TargetsDocumentTests {
    static func texts() throws -> [String] {
        let written = [
            try TargetsFileTests.example(), OtherPrograms.automaticSPACEtomo, OtherPrograms.selectTargets, OtherPrograms.interruptedRun,
            OtherPrograms.selectTargetsAfterSPACEtomo,
        ]
        return written + written.map { $0.replacing("\n", with: "\r\n") }
            + ["", "\n", "\r", "_tgt = 1", "\u{FEFF}_tgt\rx = y\r\n\n", "# ä\n\r\n"]
    }

    @Test func whatIsReadIsWrittenByteForByte() throws {
        for text in try Self.texts() { #expect(Array(TargetsDocument(text).text.utf8) == Array(text.utf8)) }
    }

    @Test func keysThatNobodyKnowsKeepTheirPlace() {
        let document = TargetsDocument(OtherPrograms.interruptedRun)
        #expect(document.targetCount == 2)
        #expect(document.keys(ofTarget: 0) == ["tsfile", "viewfile", "SSX", "SSY", "stageX", "stageY", "myOwnKey", "skip"])
        #expect(document["myOwnKey", ofTarget: 0] == "7")
        // The branches have keys of the same name.
        #expect(document["SSX", ofTarget: 1] == "1.9" && document["skip", ofTarget: 1] == "False")
        #expect(document["SSX", ofTarget: 2] == nil)
    }

    /// By bytes: Swift takes CR LF for one letter.
    private static func lines(_ text: String) -> [String] {
        text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { String(decoding: $0.filter { $0 != 0x0D }, as: UTF8.self) }
    }

    @Test func aChangedValueChangesItsLineAlone() throws {
        for text in try Self.texts() where text.contains("skip = False") {
            var document = TargetsDocument(text)
            document["skip", ofTarget: 0] = "True"
            let changed = zip(Self.lines(document.text), Self.lines(text)).filter { $0 != $1 }.map(\.0)
            #expect(changed == ["skip = True"] && Self.lines(document.text).count == Self.lines(text).count)
            document["skip", ofTarget: 0] = "False"
            #expect(document.text == text)
        }
    }

    @Test(arguments: ["\n", "\r\n"]) func aNewKeyStandsBehindTheOthersOfItsTarget(_ end: String) throws {
        let text = ["_tgt = 001", "tsfile = a.mrc", "", "_tgt = 002", "tsfile = b.mrc"].joined(separator: end)
        var document = TargetsDocument(text)
        document["skip", ofTarget: 0] = "False"
        document["skip", ofTarget: 1] = "True"
        #expect(document.text == ["_tgt = 001", "tsfile = a.mrc", "skip = False", "", "_tgt = 002", "tsfile = b.mrc", "skip = True", ""].joined(separator: end))
        document["tsfile", ofTarget: 0] = nil
        #expect(document.keys(ofTarget: 0) == ["skip"])
        #expect(try PACEtomoTargets(parsing: document.text).targets == [["skip": "False"], ["tsfile": "b.mrc", "skip": "True"]])
    }

    @Test(arguments: ["", "two words", "a\nb", "ä"]) func whatPACEtomoWouldNotReadIsNotTaken(_ value: String) {
        var document = TargetsDocument(OtherPrograms.selectTargets)
        document["tsfile", ofTarget: 0] = value
        document["skip", ofTarget: 7] = "True"
        #expect(document.text == OtherPrograms.selectTargets)
    }

    @Test func targetsOfAFileLieOnTheMapWhereTheyWereChosen() throws {
        let geometry = SampleMaps.geometry(tiltAxis: 31)
        let area = TargetArea(
            targets: [
                Target(position: Point(x: 310, y: 250), score: 0.75), Target(position: Point(x: 402.5, y: 190), score: 0.5, lowDoseArea: .view),
            ], geoPoints: [Point(x: 100, y: 80)])
        let text = try TargetsFile(area: area, name: "x", geometry: geometry).text()
        let withoutStage = text.replacing(/_tgt = 002\n(?s:.*?)LDArea/) { String($0.output).replacing(/stage.*\n/, with: "") }
        for text in [text, withoutStage] {
            let read = try #require(try PACEtomoTargets(parsing: text).area(on: geometry))
            #expect(read.targets.map(\.score) == [0.75, 0.5] && read.targets.map(\.lowDoseArea) == [.record, .view])
            let places = zip(read.targets.map(\.position) + read.geoPoints, area.targets.map(\.position) + area.geoPoints)
            // Files have four decimals of a micrometre, and a pixel has 20 nm.
            #expect(places.allSatisfy { $0.distance(to: $1) < 0.02 } && read.geoPoints.count == 1)
        }
        #expect(try PACEtomoTargets(parsing: "_tgt\nSSX = 0\n").area(on: geometry) == nil)
    }
}
