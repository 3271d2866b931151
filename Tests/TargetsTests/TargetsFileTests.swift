import Foundation
import Geometry
import Targets
import Testing
import Units

struct TargetsFileTests {
    /// The example that PACEtomo 1.9.2c's own parser accepted.
    static func example() throws -> String {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        return try String(contentsOf: folder.appending(path: "Golden/Grid1_L03_tgts.txt"), encoding: .utf8)
    }

    /// The same targets as values.
    static let file: TargetsFile = {
        let rows: [(Double, Double, Double, Double, Double)] = [
            (0, 0, -112.3840, 87.9210, 0.874), (1.9, 0.45, -110.4668, 87.5510, 0.811),
            (-2.05, 0.3, -114.4196, 87.5354, 0.792), (0.35, -3.9, -112.1976, 91.8322, 0.735),
            (2.3, -3.55, -110.2347, 91.5642, 0.514),
        ]
        let names = AreaNames(area: "Grid1_L03")
        let geo: [(Double, Double, Double, Double)] = [
            (-4.6, 1.2, -116.9297, 86.5294), (4.9, 2.4, -107.3878, 85.7283), (0.8, 6.1, -111.3293, 81.8599),
            (-3.4, -6.3, -116.0448, 94.0731), (5.2, -5.9, -107.4356, 94.0336),
        ]
        return TargetsFile(
            settings: [
                .init("startTilt", .number(0)), .init("minTilt", .number(-60)), .init("maxTilt", .number(60)),
                .init("step", .number(3)), .init("pretilt", .number(-9.5)), .init("rotation", .number(1.5)),
                .init("autoStartTilt", .flag(false)), .init("measureGeo", .flag(true)),
            ],
            entries: rows.enumerated().map { index, row in
                TargetsFile.Entry(
                    seriesFile: names.seriesFile(index + 1), viewFile: names.viewFile(index + 1),
                    shift: Vector(dx: row.0, dy: row.1), stage: Point(x: row.2, y: row.3), score: row.4,
                    skip: index == 4)
            }, geoPoints: geo.map { TargetsFile.Geo(shift: Vector(dx: $0.0, dy: $0.1), stage: Point(x: $0.2, y: $0.3)) })
    }()

    @Test func theExampleReadsAsPACEtomoReadsIt() throws {
        let read = try PACEtomoTargets(parsing: Self.example())
        #expect(read.targets.count == 5 && read.geoPoints.count == 5 && read.resume == nil && read.warnings.isEmpty)
        #expect(read.targets.map { $0["skip"] } == ["False", "False", "False", "False", "True"])
        #expect(
            read.settings
                == ["startTilt": 0, "minTilt": -60, "maxTilt": 60, "step": 3, "pretilt": -9.5, "rotation": 1.5])
        #expect(read.flags == ["autoStartTilt": false, "measureGeo": true])
        #expect(read.geoPoints[3] == ["SSX": -3.4, "SSY": -6.3, "stageX": -116.0448, "stageY": 94.0731])
        try read.checkAcquirable()
    }

    @Test func theWriterMakesTheExampleByteForByteButForTheScoresDecimals() throws {
        let written = try Self.file.text().replacing(/(SPACEscore = \d\.\d{3})0/) { String($0.output.1) }
        // Four decimals for pretilt and rotation too.
        let expected = try Self.example().replacing("= -9.5\n", with: "= -9.5000\n").replacing("= 1.5\n", with: "= 1.5000\n")
        #expect(written.trimmingCharacters(in: .newlines) == expected.trimmingCharacters(in: .newlines))
        #expect(written.hasSuffix("\n"))
    }

    @Test(arguments: ["my file.mrc", "ä.mrc", "a/b.mrc", "a[1].mrc", "a*.mrc", ""])
    func aNameThatPACEtomoWouldMisreadIsRefused(_ name: String) {
        var file = Self.file
        file.entries[1].seriesFile = name
        #expect(refusal(file)?.code == .invalidName)
    }

    @Test(arguments: [Double.nan, .infinity, 1e12]) func aPositionThatIsNoNumberIsRefused(_ value: Double) {
        var file = Self.file
        file.entries[1].shift.dx = value
        #expect(refusal(file)?.code == .invalidValue)
    }

    @Test func trapsOfPACEtomoAreRefused() {
        var file = Self.file
        file.settings = [.init("groupSize", .number(2))]
        #expect(
            refusal(file)?.message == "PACEtomo cannot take groupSize from a targets file: set it in the script.")
        for (name, value) in [("imageShiftLimit", SettingValue.number(15)), ("beamTiltComp", .flag(false)), ("sortByTilt", .flag(true))] {
            file.settings = [.init(name, value)]
            #expect(refusal(file)?.message == "PACEtomo cannot take \(name) from a targets file: set it in the script.")
        }
        file.settings = [.init("refFromPreview", .flag(true))]
        #expect(refusal(file)?.code == .refusedByPACEtomo)
        file.settings = [.init("step", .number(3)), .init("step", .number(2))]
        #expect(refusal(file)?.code == .refusedByPACEtomo)
        file.settings = [.init("measureGeom", .flag(true))]
        #expect(refusal(file)?.message == "PACEtomo has no setting 'measureGeom': did you mean 'measureGeo'?")
        file.settings = [.init("measureGeo", .number(1))]
        #expect(
            refusal(file)?.message == "The setting measureGeo must be true or false, not number(1.0).")
        file = Self.file
        file.entries[0].shift.dx = 1
        #expect(refusal(file)?.code == .invalidValue)
        file.entries = []
        #expect(refusal(file)?.message == "A targets file needs at least one target.")
    }

    @Test func numbersNeverHaveAnExponentOrANegativeZero() throws {
        var file = Self.file
        file.entries[1].shift = Vector(dx: 1e-9, dy: -1e-9)
        #expect(try file.text().contains("SSX = 0.0000\nSSY = 0.0000\nstageX = -110.4668"))
    }

    @Test func theFileOfASelectionIsAcceptedByPACEtomo() throws {
        let geometry = SampleMaps.geometry()
        let areas = try TargetSelection.select(
            labels: SampleMaps.lamella(seed: 3), classes: SampleMaps.classes, geometry: geometry,
            settings: TargetSettings())
        for (area, names) in zip(areas, AreaNames.areas(map: "G1_L01", count: areas.count)) {
            let text = try TargetsFile(area: area, name: names.area, geometry: geometry).text()
            let read = try PACEtomoTargets(parsing: text)
            #expect(read.targets.count == area.targets.count)
            #expect(read.flags["measureGeo"] == !area.geoPoints.isEmpty)
            #expect(read.targets[0]["SSX"] == "0.0000")
            #expect(read.targets[0]["viewfile"] == "\(names.area)_tgt_001_view.mrc")
        }
    }

    @Test func aSingleCentreMakesAFile() throws {
        let area = TargetArea(targets: [Target(position: Point(x: 10, y: 20), score: 0)])
        let file = TargetsFile(area: area, name: "G1_L01", geometry: SampleMaps.geometry(), hasViewFiles: false)
        let read = try PACEtomoTargets(parsing: try file.text())
        #expect(read.targets.count == 1 && read.targets[0]["viewfile"] == nil)
        #expect(read.flags == ["measureGeo": false])
    }

    func refusal(_ file: TargetsFile) -> TargetsError? {
        do throws(TargetsError) {
            _ = try file.text()
            return nil
        } catch {
            return error
        }
    }
}
