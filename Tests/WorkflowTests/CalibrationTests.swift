import Geometry
import Microscope
import SerialEMClient
import SerialEMProtocol
import SerialEMSimulator
import Logging
import Testing
import Units
@testable import Workflow

/// What a session relies on is held against what it was when its maps were made.
@Suite struct CalibrationTests {
    private func state(
        pixelSize: Double = 2, rotation: Double = 10, scale: Double = 1, name: String = "WholeGrid", magIndex: Int = 3
    ) -> Calibrations {
        Calibrations(
            states: [
                StateCalibration(
                    key: "WG_image_state", state: "1", name: name, type: -1, camera: 1, magIndex: magIndex, pixelSize: PixelSize(pixelSize),
                    cameraToSpecimen: .rotation(Degrees(rotation), scale: 0.002), imageShiftToSpecimen: .rotation(Degrees(3), scale: scale),
                    stageToSpecimen: .rotation(Degrees(1)))
            ], tiltAxisOffset: Micrometers(2))
    }

    @Test func whatIsTheSameIsNoChange() { #expect(state().changes(since: state()).isEmpty) }

    @Test func changesWithinTheTolerancesAreSmallAndBeyondThemLarge() throws {
        func isLarge(_ now: Calibrations) throws -> Bool {
            let changes = now.changes(since: state())
            #expect(changes.count == 1)
            return try #require(changes.first).isLarge
        }
        for small in [state(pixelSize: 2.019), state(rotation: 10.4), state(scale: 1.019)] { #expect(try isLarge(small) == false) }
        let large = [state(pixelSize: 2.021), state(rotation: 10.6), state(scale: 0.979), state(magIndex: 4), state(name: "Other")]
        for change in large { #expect(try isLarge(change)) }
    }

    @Test func aChangeIsToldWithWhatItWasAndWhatItIs() throws {
        let change = try #require(state(pixelSize: 2.5).changes(since: state()).first)
        #expect(change.words == "the pixel size of imaging state '1' (WG_image_state) was 2 nm and is 2.5 nm")
        var other = state()
        other.tiltAxisOffset = Micrometers(2.75)
        #expect(other.changes(since: state()).map(\.words) == ["the offset of the tilt axis was 2 µm and is 2.75 µm"])
        #expect(other.changes(since: state()).first?.isLarge == true)
    }

    @Test func aStateThatWasNotReadThenIsNoChangeAndIsRemembered() {
        let none = Calibrations(states: [], tiltAxisOffset: nil)
        #expect(state().changes(since: none).isEmpty)
        #expect(none.completed(by: state()) == state())
    }

    @Test func theBeamOfALowDoseAreaMayChangeByATenth() {
        func geometry(beam: Double, spot: Int? = 6) -> LowDoseGeometry {
            let area = LowDoseGeometry.Area(
                pixelSize: PixelSize(0.2), cameraToSpecimen: .rotation(Degrees(0)), specimenToImageShift: .rotation(Degrees(0)),
                beamDiameter: Micrometers(beam), magIndex: 20, spotSize: spot)
            return LowDoseGeometry(cameraWidth: 1440, cameraHeight: 1024, view: area, record: area, stageToSpecimen: .rotation(Degrees(0)))
        }
        #expect(geometry(beam: 1.09).changes(since: geometry(beam: 1)).contains(where: \.isLarge) == false)
        #expect(geometry(beam: 1.11).changes(since: geometry(beam: 1)).map(\.what) == ["the beam of Low Dose View", "the beam of Low Dose Record"])
        let isLarge = geometry(beam: 1.11).changes(since: geometry(beam: 1)).map(\.isLarge)
        #expect(isLarge == [true, true])
        #expect(geometry(beam: 1, spot: 5).changes(since: geometry(beam: 1)).count == 2)
        // Journals of earlier builds hold no spot.
        #expect(geometry(beam: 1, spot: 5).changes(since: geometry(beam: 1, spot: nil)).isEmpty)
    }

    /// Somebody stores another magnification in imaging state 1.
    private func storeMagnification(_ index: Int, _ night: GridNight) async throws {
        let connection = try await SerialEMConnection.connect(host: "127.0.0.1", port: night.server.port, logger: Logger(label: "test"))
        _ = try await connection.beginControl()
        try await connection.perform("SetMagIndex", [.integer(index)])
        try await connection.perform("UpdateImagingState", [.text("1")])
        try await connection.exit()
        await connection.close()
    }

    @Test func aChangedStateHoldsTheSessionOnceAndTellsWhatReliedOnIt() async throws {
        try await GridNight.with { night in
            #expect(try await night.run("").failure == nil)
            let connected = try await SerialEMConnection.connect(host: "127.0.0.1", port: night.server.port, logger: Logger(label: "test"))
            _ = try await connected.beginControl()
            let index = try #require(try await connected.imagingStateProperties("1")).magIndex
            try await connected.exit()
            await connected.close()
            let images = await night.microscope.exposureLog().count

            try await storeMagnification(index + 1, night)
            let held = try await night.run("grid_list: [1, 2]")
            let error = try #require(held.failure as? WorkflowError)
            #expect(error.code == .changedCalibrations)
            #expect(error.message.contains("the magnification index of imaging state '1' (WG_image_state) was \(index) and is \(index + 1)"), "\(error.message)")
            #expect(error.message.contains("; the grid map of Alga_1 relied on it."), "\(error.message)")
            #expect(await night.microscope.exposureLog().count == images)

            // It is put back, and nothing is the matter.
            try await storeMagnification(index, night)
            #expect(try await night.run("").failure == nil)

            // It is changed again: that is held again, and the second start goes on.
            try await storeMagnification(index + 1, night)
            #expect((try await night.run("grid_list: [1, 2]").failure as? WorkflowError)?.code == .changedCalibrations)
            let last = try await night.run("grid_list: [1, 2]")
            #expect(last.failure == nil)
            #expect(last.warnings.contains { $0.contains("goes on with it as it is now, and the grid map of Alga_1 were made with what it was") }, "\(last.warnings)")
            #expect(try await night.run("grid_list: [1, 2]").warnings.isEmpty)
        }
    }
}
