import Foundation
import Geometry
import Microscope
import Navigator
import Targets
import Testing
import Units
@testable import Workflow

/// The two ways out for targets, from the same area.
@Suite struct TargetWriterTests {
    /// 10 nm/px, the tilt axis along the map's rows, the stage along the map.
    private static let geometry = LamellaGeometry(
        mapPixelSize: PixelSize(10), beamDiameter: Micrometers(1), recordFieldWidth: Micrometers(0.5), recordFieldHeight: Micrometers(0.4),
        mapToStage: AffineMap(linear: LinearMap(xpx: 0.01, xpy: 0, ypx: 0, ypy: -0.01), sending: Point(x: 200, y: 150), to: Point(x: 50, y: -20)),
        stageToSpecimen: LinearMap(xpx: 1, xpy: 0, ypx: 0, ypy: 1))

    private static func lowDose(magIndex: Int?) -> LowDoseGeometry {
        let area = LowDoseGeometry.Area(
            pixelSize: PixelSize(5), cameraToSpecimen: LinearMap(xpx: 0.005, xpy: 0, ypx: 0, ypy: 0.005),
            specimenToImageShift: LinearMap(xpx: 0, xpy: 2, ypx: -2, ypy: 0), beamDiameter: Micrometers(1), magIndex: magIndex)
        return LowDoseGeometry(cameraWidth: 100, cameraHeight: 80, view: area, record: area, stageToSpecimen: geometry.stageToSpecimen)
    }

    /// A montage of 800 x 600 px, whose overview SerialEM loads reduced by two.
    private static let map: NavigatorItem = .map(
        label: "G_L01", stage: Point(x: 50, y: -20), z: Micrometers(3), file: "G_L01.mrc", width: 400, height: 300,
        scaleMatrix: LinearMap(xpx: 100, xpy: 0, ypx: 0, ypy: -100), mapID: 77, magnificationIndex: 17, binning: 4, montage: true, montageBinning: 2,
        frames: (2, 2), minimum: 0, maximum: 9)

    private static func area(targets: Int = 3, magIndex: Int? = 17) -> WrittenArea {
        let positions = [Point<Frame.MapPixels>(x: 200, y: 150), Point(x: 300, y: 150), Point(x: 200, y: 50)]
        let points = TargetArea(targets: positions.prefix(targets).map { Target(position: $0, score: 0.5) }, geoPoints: [Point(x: 100, y: 100)])
        return WrittenArea(
            names: AreaNames(area: "G_L01"), folder: "/s/G", points: points, wishes: [.init("pretilt", .number(10)), .init("rotation", .number(0))],
            geometry: geometry, placed: geometry, lowDose: lowDose(magIndex: magIndex), maximumTilt: Degrees(55), map: map,
            views: points.targets.indices.map {
                .init(
                    file: "G_L01_tgt_00\($0 + 1)_view.mrc", stage: geometry.stage(of: points.targets[$0].position), width: 100, height: 80, minimum: 0,
                    maximum: 5)
            })
    }

    private static func written(by writer: any TargetWriter, _ area: WrittenArea) -> NavigatorFile {
        var file = NavigatorFile()
        file.items = [map]
        writer.add(area, to: &file)
        return file
    }

    @Test func forPACEtomoEachTargetIsAMapAndTheFirstIsMarked() {
        let items = Self.written(by: PACEtomoWriter(), Self.area()).items
        #expect(items.map(\.label) == ["G_L01", "001", "002", "003", "geo1"])
        #expect(items.filter(\.acquire).map(\.note) == ["G_L01_tgts.txt"])
        #expect(Set(items.map(\.mapID)).count == 5)
    }

    @Test func forSerialEMAnAreaIsOneItemWithTheShiftsOfAllItsTargets() throws {
        let file = Self.written(by: ParallelSeriesWriter(), Self.area())
        #expect(file.items.count == 2 && !file.items.contains(where: \.acquire))
        let item = try #require(file.items.last)
        #expect(item.note == "G_L01_tgts.txt: 3 TS targets" && item.stage == Point(x: 50, y: -20) && item.drawnID == 77)
        let series = try #require(file.parallelTiltSeries(of: item))
        // 1 µm along x, then 1 µm along y, by the matrix of View.
        let shifts = [Vector<Frame.ImageShift>(dx: 0, dy: 0), Vector(dx: 0, dy: -2), Vector(dx: 2, dy: 0)]
        #expect(zip(series.imageShifts, shifts).allSatisfy { abs($0.dx - $1.dx) < 1e-6 && abs($0.dy - $1.dy) < 1e-6 })
        #expect(series.magnificationIndex == 17 && series.maximumTilt == Degrees(55) && abs(series.levelTilt.value + 10) < 1e-4)
        // On the map without reduction, twice as large as its overview.
        #expect(series.positionsInMap == [Point(x: 400, y: 300), Point(x: 600, y: 300), Point(x: 400, y: 100)])
        #expect(ParallelSeriesWriter().remarks(on: Self.area()).isEmpty)
    }

    @Test func whatSerialEMWouldRefuseIsNotWrittenAndTold() {
        for (area, reason) in [
            (Self.area(targets: 1), "it has 1 target, and SerialEM wants two"),
            (Self.area(magIndex: nil), "the magnification of its image shifts is not known"),
        ] {
            #expect(Self.written(by: ParallelSeriesWriter(), area).items.count == 1)
            #expect(
                ParallelSeriesWriter().remarks(on: area)
                    == ["area G_L01 is not in the navigator as a parallel tilt series, because \(reason); its targets are in G_L01_tgts.txt"])
        }
    }
}
