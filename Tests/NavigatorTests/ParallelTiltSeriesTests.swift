import Foundation
import Geometry
import Navigator
import Testing
import Units

@Suite struct ParallelTiltSeriesTests {
    static let series = ParallelTiltSeries(
        imageShifts: [Vector(dx: 0, dy: 0), Vector(dx: 1.25, dy: -0.5), Vector(dx: -2, dy: 0.125)], magnificationIndex: 17,
        positionsInMap: [Point(x: 1000, y: 800), Point(x: 1500.5, y: 700), Point(x: 300, y: 850)], levelTilt: Degrees(9.5), pitch: Degrees(-0.25),
        mappingTilt: Degrees(0), maximumTilt: Degrees(60))

    static func map(_ identifier: Int) -> NavigatorItem {
        .map(
            label: "M", stage: Point(x: 10, y: 20), z: Micrometers(-3), file: "m.mrc", width: 100, height: 80,
            scaleMatrix: LinearMap(xpx: 10, xpy: 0, ypx: 0, ypy: -10), mapID: identifier, magnificationIndex: 17, minimum: 0, maximum: 1, registration: 2)
    }

    static func file() -> NavigatorFile {
        var file = NavigatorFile(savedAs: "a.nav")
        file.items = [map(11)]
        return file
    }

    /// The keys are those that SerialEM's help lists; what it requires is there, and nothing of the other kinds of reference.
    @Test func theRecordHasTheKeysThatSerialEMAsksFor() {
        var file = Self.file()
        file.add(Self.series, at: Point(x: 1, y: 2), label: "L03", note: "G_L03: 3 TS targets", drawnOn: file.items[0])
        let text = file.text
        let item = """
            [Item = L03]
            Color = 3
            StageXYZ = 1 2 -3
            """
        #expect(text.contains(item))
        for line in ["ParallelTSIndex = 0", "IStargets = 0 0 1.25 -0.5 -2 0.125", "TargetMag = 17", "DrawnID = 11", "Regis = 2", "Type = 0"] {
            #expect(text.contains("\n\(line)\n"), "\(line)")
        }
        #expect(!text.contains("Acquire") && !text.contains("FirstPrevMapID") && !text.contains("PrevSectNums"))
        let section = """

            [ParallelTSParam = 0]
            XinAreaMap = 1000 1500.5 300
            YinAreaMap = 800 700 850
            PreTilt = 9.5
            XPitchAngle = -0.25
            MappingTilt = 0
            MaxTilt = 60
            NavID = 13

            """
        #expect(text.hasSuffix(section))
    }

    @Test func whatIsWrittenIsReadBack() throws {
        var file = Self.file()
        var second = Self.series
        second.positionsInMap = []
        second.levelTilt = Degrees(-4)
        for (label, series) in [("a", Self.series), ("b", second)] { file.add(series, at: .origin, label: label, note: label, drawnOn: file.items[0]) }
        let read = try NavigatorFile(bytes: file.bytes)
        #expect(read.items.map { read.parallelTiltSeries(of: $0) } == [nil, Self.series, second])
        #expect(read.bytes == file.bytes && read.parameters.count == 2)
        #expect(Set(read.items.map(\.mapID)).count == 3)
    }

    /// Parameters stood in the lines of the last item before, and went with it.
    @Test func parametersBehindTheItemsOutliveTheLastItem() throws {
        let text = "AdocVersion = 2.00\r\nLastSavedAs = a\r\n\r\n[Item = 1]\r\nColor = 0\r\nMapID = 12\r\n\r\n[TSParam = 0]\r\nStartingTilt = -60\r\n\r\n[FileOptions = 0]\r\nNavID = 13\r\n"
        var file = try NavigatorFile(text: text)
        #expect(file.text == text && file.parameters.map(\.kind) == ["TSParam", "FileOptions"])
        #expect(file.items[0]["StartingTilt"] == nil && file.unusedMapID() == 11)
        file.items.append(NavigatorItem.point(label: "2", stage: .origin, z: .zero, mapID: 14))
        file.items.remove(at: 0)
        let after = try NavigatorFile(bytes: file.bytes)
        #expect(after.items.map(\.label) == ["2"] && after.parameters.first?["StartingTilt"] == "-60")
    }

    @Test func removedSeriesTakeTheirParametersWithThemAndTheOthersAreCountedAnew() throws {
        var file = Self.file()
        for label in ["a", "b", "c"] {
            var series = Self.series
            series.levelTilt = Degrees(Double(label.utf8.first ?? 0))
            file.add(series, at: .origin, label: label, note: label, drawnOn: file.items[0])
        }
        file.removeItems { $0.label == "b" }
        let read = try NavigatorFile(bytes: file.bytes)
        #expect(read.items.map(\.label) == ["M", "a", "c"])
        #expect(read.items.compactMap { read.parallelTiltSeries(of: $0)?.levelTilt.value } == [97, 99])
        #expect(read.text.contains("[ParallelTSParam = 1]") && !read.text.contains("[ParallelTSParam = 2]"))
    }

    @Test func whatSerialEMWouldRefuseIsTold() {
        var series = Self.series
        #expect(series.refusal == nil)
        series.positionsInMap.removeLast()
        #expect(series.refusal == "it has fewer places on the map than targets")
        series = Self.series
        series.imageShifts[0].dx = 0.01
        #expect(series.refusal == "the image shift of its first target is not 0")
        series.imageShifts = [.zero]
        #expect(series.refusal == "it has 1 target, and SerialEM wants two")
        series = Self.series
        series.magnificationIndex = 0
        #expect(series.refusal == "the magnification of its image shifts is not known")
    }

    /// A plane with PACEtomo's pretilt and rotation, tilted to the level tilt, has no slope in y and minus the pitch in x.
    @Test(arguments: [(10.0, 0.0), (-9.5, 1.5), (12, 90), (7, -35), (0, 20)]) func theLevelTiltLevels(_ pretilt: Double, _ rotation: Double) {
        let (level, pitch) = ParallelTiltSeries.angles(pretilt: Degrees(pretilt), rotation: Degrees(rotation))
        let slope = tan(pretilt * .pi / 180)
        let (a, b) = (-slope * sin(rotation * .pi / 180), slope * cos(rotation * .pi / 180))
        // The normal (-a, -b, 1) turned about x by the level tilt.
        let angle = level.value * .pi / 180
        let y = -b * cos(angle) - sin(angle)
        let z = -b * sin(angle) + cos(angle)
        #expect(abs(y) < 1e-12)
        #expect(abs(a / z + tan(pitch.value * .pi / 180)) < 1e-12)
    }
}
