import Foundation
import Geometry
import Raster
import Targets
import Testing
import Units

struct ExchangedFilesTests {
    static let area = TargetArea(
        targets: [
            Target(position: Point(x: 2210.9, y: 1804.2), score: 0.42),
            Target(position: Point(x: 2188.4, y: 1391), score: 100, lowDoseArea: .view),
        ], geoPoints: [Point(x: 1605, y: 1702.5)])

    @Test func pointsAreRowsAndColumnsInTaggedArrays() throws {
        let file = PointsFile(
            area: Self.area,
            metaData: .init(pixelSize: PixelSize(2.283), rows: 4310, columns: 3977, datetime: "2026-03-02 15:40:12"))
        let object = try #require(try JSONSerialization.jsonObject(with: file.data()) as? [String: Any])
        let points = try #require((object["points"] as? [String: [[Double]]])?["$array"])
        #expect(points == [[1804.2, 2210.9], [1391, 2188.4]])
        #expect((object["ld_areas"] as? [String: [String]])?["$array"] == ["R", "V"])
        #expect((object["settings"] as? [String: Bool]) == ["measureGeo": true])
        #expect((object["meta_data"] as? [String: Any])?["img_size"] as? [Int] == [4310, 3977])
        #expect(try PointsFile(data: file.data()).area == Self.area)
        #expect(try PointsFile(data: file.data()) == file)
    }

    @Test func oldFilesWithoutAreasAndSettingsAreRead() throws {
        let old = #"{"points": {"$array": [[1, 2]]}, "scores": {"$array": [0.5]}, "geo_points": []}"#
        let file = try PointsFile(data: Data(old.utf8))
        #expect(file.area.targets == [Target(position: Point(x: 2, y: 1), score: 0.5)])
    }

    /// As SPACEtomo's GUI writes it, with a key of a version that nobody knows yet.
    static let ofTheGUI = #"{"points": {"$array": [[12.5, 2.0]]}, "geo_points": {"$array": [[1, 2], [3, 4], [5, 9]]}, "scores": {"$array": [100]},"#
        + #" "ld_areas": {"$array": ["R"]}, "settings": {"autoStartTilt": false, "pretilt": -9.5}, "later": {"a": [1, null, "x", 1.5, true]},"#
        + #" "meta_data": {"pix_size": 2.283, "img_size": [100, 200], "datetime": "2026-03-02 15:40:12"}}"#

    @Test func aPointsFileOfAnotherProgramIsWrittenAgainByteForByte() throws {
        for text in [Self.ofTheGUI, Self.ofTheGUI.replacing(", ", with: ",\r\n  ")] {
            var document = try PointsDocument(Data(text.utf8))
            #expect(try document.data() == Data(text.utf8))
            document.file.scores = TaggedArray([0.5])
            let changed = try PointsDocument(document.data())
            #expect(changed.file.scores.value == [0.5] && changed.file.settings == document.file.settings)
            #expect(changed.file.otherKeys == ["later": .object(["a": .list([.whole(1), .null, .text("x"), .number(1.5), .flag(true)])])])
        }
    }

    @Test func aPointsFileIsShownWithWhatItLacks() throws {
        let automatic = #"{"points": {"$array": [[1, 2]]}, "scores": {"$array": [0.5]}, "geo_points": {"$array": [[1, 2], [3, 4], [5, 9]]}}"#
        #expect(
            try PointsDocument(Data(automatic.utf8)).lacks == [
                "it has no meta_data, so its positions are taken for pixels of the map at the pixel size of the model",
                "it has no ld_areas, so every target is taken for one in Record",
                "it does not say measureGeo, so PACEtomo would leave its 3 geo points unused",
            ])
        #expect(try PointsDocument(Data(Self.ofTheGUI.utf8)).lacks == ["it does not say measureGeo, so PACEtomo would leave its 3 geo points unused"])
        #expect(try PointsDocument(PointsFile(area: Self.area, metaData: nil).data()).lacks.count == 2)
    }

    @Test(arguments: [
        ("", "it is no JSON"), ("{}", "it has no 'points'"), (#"{"points": {"$array": [["a"]]}}"#, "'points.$array[0][0]' is of another kind than it should be"),
        (#"{"points": {"$array": [[1, 2]]}, "scores": {"$array": [1]}, "ld_areas": ["X"], "geo_points": []}"#, "'ld_areas[0]' has a value that is not known"),
    ])
    func aDamagedFileIsToldByItsKey(_ text: String, _ words: String) {
        #expect(throws: TargetsError.self) { try PointsFile(data: Data(text.utf8)) }
        do throws(TargetsError) { _ = try PointsFile(data: Data(text.utf8)) } catch { #expect(error.message == "This is no points file: \(words).") }
    }

    @Test(arguments: ["", "{}", #"{"points": {"$array": [[1]]}, "scores": {"$array": [0.5]}, "geo_points": []}"#])
    func damagedFilesAreErrors(_ text: String) {
        #expect(throws: TargetsError.self) { try PointsFile(data: Data(text.utf8)) }
    }

    @Test func filesOfAMapAreNumberedFromZeroAndEmptyOnesAreNot() throws {
        #expect(PointsFile.name(map: "G1_L01", index: 0) == "G1_L01_points0.json")
        #expect(PointsFile.name(map: "G1_L01", index: nil) == "G1_L01_points.json")
        #expect(try PointsFile(data: PointsFile.empty.data()).area.targets.isEmpty)
        #expect(AreaNames.areas(map: "G1_L01", count: 1).map(\.targetsFile) == ["G1_L01_tgts.txt"])
        #expect(AreaNames.areas(map: "G1_L01", count: 2).map(\.area) == ["G1_L01_A1", "G1_L01_A2"])
        #expect(AreaNames(area: "a").viewFile(7) == "a_tgt_007_view.mrc")
    }

    @Test func microscopeParametersHaveTheKeysThatSPACEtomoReads() throws {
        let area = MicroscopeParameters.Area(
            pixelSize: PixelSize(1.871), cameraToSpecimen: LinearMap(xpx: -0.00019, xpy: 0.00186, ypx: 0.00186, ypy: 0.00019),
            specimenToImageShift: LinearMap(xpx: 0.93, xpy: 0.31, ypx: -0.3, ypy: 0.94), beamDiameter: Micrometers(8.2))
        let parameters = MicroscopeParameters(
            wholeGridState: .number(1), intermediateState: .name("IM"), mediumStates: [.number(3)],
            imageShiftLimit: Micrometers(15), cameraSize: [5760, 4092], wholeGridPixelSize: PixelSize(218.4),
            intermediatePixelSize: nil, stageToSpecimen: LinearMap(xpx: -0.07, xpy: 0.997, ypx: -0.998, ypy: -0.07),
            view: area, record: area)
        let object = try #require(try JSONSerialization.jsonObject(with: parameters.data()) as? [String: Any])
        for prefix in ["view", "rec", "focus", "search"] {
            for key in ["pix_size", "c2ss_matrix", "ss2is_matrix", "ta_rotation", "rotM", "beam_diameter"] {
                #expect(object["\(prefix)_\(key)"] != nil)
            }
        }
        #expect((object["cam_dims"] as? [String: [Int]])?["$array"] == [5760, 4092])
        // 90 - atan(0.00186 / -0.00019).
        #expect(abs((object["view_ta_rotation"] as? Double ?? 0) - 174.167) < 0.01)
        let read = try MicroscopeParameters(data: parameters.data())
        #expect(read.stageToSpecimen == parameters.stageToSpecimen && read.view == area)
        #expect(read.wholeGridState == .number(1) && read.intermediateState == .name("IM"))
    }

    @Test func targetParametersHoldALatticeWithOneBeamBetweenPoints() throws {
        let geometry = SampleMaps.geometry(tiltAxis: 85)
        let parameters = try TargetParameters(
            settings: TargetSettings(targetClasses: ["lamella"]), classes: SampleMaps.classes, geometry: geometry)
        #expect(parameters.targetClasses == ["background", "cell", "nucleus", "mitos", "lipiddroplets"])
        let read = try TargetParameters(data: parameters.data())
        #expect(read == parameters)
        let plane = SqueezedPlane(tiltAxisAngle: Degrees(85), maximumTilt: Degrees(60))
        for vector in parameters.vectors.value {
            let length = plane.distance(.origin, Point(x: vector[1], y: vector[0]))
            #expect(abs(length - 60) < 1e-9)
        }
        let object = try #require(try JSONSerialization.jsonObject(with: parameters.data()) as? [String: Any])
        #expect(object["weight"] is NSNull && object["edge_weights"] is NSNull)
    }

    /// A choice can be made again from the file alone: with every key away from its usual value, and with none.
    @Test(arguments: 0 ..< 6) func targetsChosenFromTheParametersFileAreTheSameByteForByte(_ seed: Int) throws {
        var settings = TargetSettings(targetClasses: [seed % 2 == 0 ? "lamella" : "mitos"], scoreThreshold: 0.2, sparse: seed % 2 == 1)
        if seed > 1 {
            settings.imageShiftLimit = Micrometers(4.5)
            settings.beamMargin = Micrometers(0.07)
            settings.order = .score
            settings.seed = UInt64(seed) * 77
            settings.classWeights = seed % 2 == 0 ? ["cell": 0.4, "ice": 2.5] : ["mitos": 0.9]
            settings.classRules = [ClassRule("mitos", .dependent, "cell", within: Micrometers(1.5), probability: 0.6)]
            settings.minimumObject = 0.05
            settings.maximumTargets = 9
            settings.targetsPerInstance = 3
            settings.minimumDistance = Micrometers(1.3)
            settings.pretilt = Degrees(9.5)
            settings.startsAtPretilt = seed % 2 == 0
            settings.penaltyWindow = .swept
            settings.keepsCentreClear = false
            settings.maximumTilt = Degrees(54)
        }
        let geometry = SampleMaps.geometry(tiltAxis: 85)
        let labels = SampleMaps.lamella(seed: UInt64(seed), width: 400, height: 300)
        let file = try TargetParameters(settings: settings, classes: SampleMaps.classes, geometry: geometry).data()
        let again = try TargetParameters(data: file).settings(imageShiftLimit: Micrometers(99))
        func points(_ settings: TargetSettings) throws -> [Data] {
            try TargetSelection.select(labels: labels, classes: SampleMaps.classes, geometry: geometry, settings: settings).map {
                try PointsFile(area: $0, metaData: nil).data()
            }
        }
        let first = try points(settings)
        #expect(!first.isEmpty)
        #expect(try points(again) == first)
        #expect(try TargetParameters(settings: again, classes: SampleMaps.classes, geometry: geometry).data() == file)
    }

    /// Files of before, and those of SPACEtomo, have none of the newer keys; a value of the wrong kind is named.
    @Test func parametersWithoutTheNewerKeysAreReadAndWrongOnesNamed() throws {
        let parameters = try TargetParameters(
            settings: TargetSettings(targetClasses: ["mitos"]), classes: SampleMaps.classes, geometry: SampleMaps.geometry())
        var object = try #require(try JSONSerialization.jsonObject(with: parameters.data()) as? [String: Any])
        for key in ["IS_limit", "beam_margin", "target_seed"] { #expect(object.removeValue(forKey: key) != nil) }
        let old = try TargetParameters(data: JSONSerialization.data(withJSONObject: object))
        #expect(old.settings(imageShiftLimit: Micrometers(12)).imageShiftLimit == Micrometers(12))
        object["max_targets"] = "many"
        let wrong = try JSONSerialization.data(withJSONObject: object)
        let error = #expect(throws: TargetsError.self) { try TargetParameters(data: wrong) }
        #expect(error?.description.contains("max_targets") == true)
    }

    @Test func aVirtualMapIsCentredAndPaddedWithTheMean() {
        var montage = Raster<Int16>(width: 100, height: 80, filledWith: 10)
        montage[50, 40] = 99
        let map = VirtualMap(
            centre: Point(x: 25.25, y: 20.25), mapPixelSize: PixelSize(20), montagePixelSize: PixelSize(10),
            cameraWidth: 41, cameraHeight: 21)
        #expect((map.x, map.y) == (30, 30))
        #expect(map.cut(from: montage)[20, 10] == 99)
        let corner = VirtualMap(
            centre: .origin, mapPixelSize: PixelSize(10), montagePixelSize: PixelSize(10), cameraWidth: 40, cameraHeight: 20)
        let cut = corner.cut(from: montage)
        #expect(cut.width == 40 && cut.height == 20 && cut.pixels.allSatisfy { $0 == 10 })
        let outside = VirtualMap(
            centre: Point(x: 1e300, y: -500), mapPixelSize: PixelSize(10), montagePixelSize: PixelSize(10), cameraWidth: 4,
            cameraHeight: 4)
        #expect(outside.cut(from: montage).pixels.allSatisfy { $0 == 0 })
    }
}
