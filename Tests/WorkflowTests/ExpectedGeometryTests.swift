import Geometry
import Microscope
import Targets
import Testing
import Units
import Workflow

/// The lattice of `tgt_params.json` is written before there is a map to measure.
@Suite struct ExpectedGeometryTests {
    /// A microscope whose camera is turned by an angle against the tilt axis in View, with a stage that is turned too.
    private func geometry(turn: Double) -> LowDoseGeometry {
        func area(_ pixelSize: Double) -> LowDoseGeometry.Area {
            LowDoseGeometry.Area(
                pixelSize: PixelSize(pixelSize), cameraToSpecimen: .rotation(Degrees(turn), scale: pixelSize / 1000),
                specimenToImageShift: .rotation(Degrees(0), scale: 1), beamDiameter: Micrometers(1.2))
        }
        return LowDoseGeometry(
            cameraWidth: 4000, cameraHeight: 3000, view: area(2), record: area(0.2),
            stageToSpecimen: .rotation(Degrees(-86), scale: 1))
    }

    @Test(arguments: [0.0, 20, -20, 80])
    func aMapIsExpectedToLieAsViewIsCalibrated(turn: Double) {
        let low = geometry(turn: turn)
        let expected = low.expectedOfMaps(at: PixelSize(20))
        // One map pixel to the right is ten camera pixels to the right; one row down is ten camera pixels down.
        let right = expected.specimenShift(from: .origin, to: Point(x: 1, y: 0))
        let down = expected.specimenShift(from: .origin, to: Point(x: 0, y: 1))
        #expect((right - low.view.cameraToSpecimen(Vector(dx: 10, dy: 0))).length < 1e-9)
        #expect((down - low.view.cameraToSpecimen(Vector(dx: 0, dy: -10))).length < 1e-9)
        #expect(abs(expected.beamOnMap.value - 60) < 1e-9)
    }
}
