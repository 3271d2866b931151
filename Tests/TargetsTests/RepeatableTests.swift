import Foundation
import Geometry
import Raster
import Targets
import Testing
import Units

struct RepeatableTests {
    /// All files of a selection, as bytes.
    func files(_ seed: UInt64) throws -> [Data] {
        let settings = TargetSettings(imageShiftLimit: Micrometers(5), seed: seed)
        let geometry = SampleMaps.geometry()
        let areas = try TargetSelection.select(
            labels: SampleMaps.lamella(seed: 5), classes: SampleMaps.classes, geometry: geometry, settings: settings)
        let exposures = PlannedExposures(
            areas, geometry: geometry, plane: TiltedPlane(tilts: Degrees(-60) ... Degrees(60)))
        let report = try TargetReport(exposures, geometry: geometry, settings: settings).data()
        return try [report] + areas.enumerated().flatMap { number, area in
            try [
                PointsFile(area: area, metaData: nil).data(),
                Data(TargetsFile(area: area, name: "G1_L01_A\(number + 1)", geometry: geometry, settings: []).text().utf8),
            ]
        }
    }

    @Test(arguments: [1, 31335, UInt64.max]) func theSameSeedGivesTheSameFilesByteByByte(seed: UInt64) throws {
        let first = try files(seed)
        #expect(first.count >= 5)
        #expect(try files(seed) == first)
        #expect(String(decoding: first[0], as: UTF8.self).contains("\"target_seed\" : \(seed)"))
    }
}
