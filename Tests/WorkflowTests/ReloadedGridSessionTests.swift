import Foundation
import Geometry
import ImageFiles
import Navigator
import SerialEMSimulator
import Testing
import Units
import Workflow

/// A grid that comes back onto the stage, as far as it is found by its grid map. Other classes each time ask for it again.
@Suite struct ReloadedGridSessionTests {
    /// The rigid movement of the grid of slot 1 since an earlier truth, by the simulator.
    private func movement(since before: SimulatorTruth, _ now: SimulatorTruth) throws -> RigidFit<Frame.Stage, Frame.Stage> {
        func places(_ truth: SimulatorTruth) throws -> [Point<Frame.Stage>] {
            try #require(truth.grids.first { $0.slot == 1 }).lamellae.map { Point(x: $0.stage.x, y: $0.stage.y) }
        }
        return try #require(RigidFit(Array(zip(try places(before), try places(now)).map { (from: $0, to: $1) })))
    }

    private func map(_ night: GridNight, _ name: String) throws -> NavigatorItem {
        let file = try NavigatorFile.read("\(night.folder)/session/\(name)/\(name).nav")
        return try #require(file.items.first { $0.note == "\(name).mrc" })
    }

    @Test func itIsFoundOnceAlsoWhereTheConnectionIsLostAndOneThatLiesTooFarOffIsLoadedOnceMoreAndThenSkipped() async throws {
        try await GridNight.with(seed: 25) { night in
            #expect(try await night.run("").failure == nil)
            let before = await night.microscope.truth()
            let name = try #require(before.grids.first { $0.slot == 1 }?.name)
            let stage = try map(night, name).stage
            let images = await night.exposures(slot: 1)

            // It comes back, and SerialEM has moved its items when the connection is lost.
            try await night.unload()
            night.microscope.faults.add([Fault(.dropBeforeReply(executed: true), when: .init(command: "RealignReloadedGrid"))])
            let outcome = try await night.run("exclude_lamella_classes: [gone, broken]")
            #expect(outcome.failure == nil)
            #expect(night.microscope.faults.strikes.count == 1)
            let truth = try movement(since: before, await night.microscope.truth())
            #expect(truth.map(stage).distance(to: stage) > 5)
            // SerialEM looks at pixels of 1.4 um.
            let moved = try map(night, name).stage
            #expect(moved.distance(to: truth.map(stage)) < 4)
            // The map is not taken again: five images tell how the grid lies, twice.
            #expect(await night.exposures(slot: 1) == images + 10)
            let record = try JSONValue.read("\(night.folder)/session/\(name)/\(name)_realignment.json")
            let found = try #require(record["realignments"]?.array?.first)
            #expect(found["loading"]?.integer == 2 && found["basis"]?.string == "gridMap" && found["residual"] == .null)
            #expect(abs((found["rotation"]?.double ?? 9) - truth.rotation.value) < 0.5)
            #expect(outcome.notes.contains { $0.contains("by the grid map alone, as no lamella has been recentred") })
            #expect(outcome.grid(1)?["realignment"]?["loading"]?.integer == 2)

            // It lies where it lay: nothing is measured again.
            #expect(try await night.run("exclude_lamella_classes: [gone, broken, thick]").failure == nil)
            #expect(await night.exposures(slot: 1) == images + 10)

            // It stays too far off: it is skipped, though a grid that fails would stop the session, and its items stay.
            try await night.unload()
            night.microscope.faults.add([Fault(.displaced(micrometers: 90, degrees: 0)), Fault(.displaced(micrometers: 0, degrees: 40), when: .init(after: 1))])
            let lost = try await night.run("grid_list: [1, 12]\nexclude_lamella_classes: [gone, thick]\ngrids:\n    12: {on_failure: skip}")
            #expect(lost.failure == nil)
            #expect(await night.loads() == [1, 1, 1, 1, 12])
            #expect(lost.warnings.contains { $0.contains("does not lie where it can be gone on with: it lies ") && $0.hasSuffix("It is loaded once more.") }, "\(lost.warnings)")
            #expect(lost.alarms.count == 2)
            #expect(lost.alarms.first?.contains("was loaded again") == true)
            #expect(lost.grid(1)?["failed"]?.bool == true)
            #expect(try map(night, name).stage.distance(to: moved) < 0.01)

            // And is gone on with when it lies well again; grid 12 has taken its place, and failed.
            let last = try await night.run("exclude_lamella_classes: [gone, thick]")
            #expect(last.failure == nil && last.alarms.isEmpty)
            let now = try movement(since: before, await night.microscope.truth())
            #expect(try map(night, name).stage.distance(to: now.map(stage)) < 4)
        }
    }
}
