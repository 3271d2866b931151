import Foundation
import SerialEMProtocol
import SerialEMSimulator
import Testing

@Suite struct ReloadedGridTests {
    /// A whole-grid map with the first good lamella as a point; returns the item of the map.
    private func mapGrid(_ s: Scenario, _ folder: String) async throws -> Double {
        try await s.loadGrid()
        try await s.run("OpenNavigator", "\(folder)/grid.nav")
        let lamella = try await s.lamella()
        try await s.run("AddStagePosAsNavPoint", .number(lamella.stage.x), .number(lamella.stage.y), .number(lamella.eucentricZ))
        try await s.run("GoToImagingState", "1")
        try await s.run("SetupFullMontage", 0.15, "\(folder)/grid.mrc")
        try await s.run("M")
        let map = try await s.numbers("NewMap", 0, "grid.mrc")[0]
        try await s.run("CloseFile")
        return map
    }
    private func inFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("reload-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    @Test func itemsAreFoundAgainOnAGridThatWasReloaded() async throws {
        try await inFolder { folder in
            let s = try await Scenario { $0.folder = folder }
            let map = try await mapGrid(s, folder)
            let before = try await s.lamella().stage
            let onMap = try await s.numbers("StagePosToBufImagePos", "B", 0, .number(before.x), .number(before.y))
            try await s.run("UnloadCartridge")
            try await s.loadGrid()
            let after = try await s.lamella().stage
            #expect(SIMD2(after.x - before.x, after.y - before.y).length > 5)

            try await s.run("SetMagIndex", 16)
            try await s.run("RealignReloadedGrid", .number(map), 0, 0, 4, 1)
            let item = try await s.numbers("ReportOtherItem", 1)
            #expect(SIMD2(item[1] - after.x, item[2] - after.y).length < 4)
            // The magnification is the one before, and the registration is new.
            #expect(try await s.numbers("ReportMagIndex")[0] == 16)
            #expect(try await s.numbers("GetVariable", "navRegis") == [2])

            // The map shows the lamella where it showed it before, and knows where that is now.
            try await s.run("LoadOtherMap", .number(map), "Q")
            let pixel = try await s.numbers("StagePosToBufImagePos", "Q", 0, .number(item[1]), .number(item[2]))
            #expect(SIMD2(pixel[0] - onMap[0], pixel[1] - onMap[1]).length < 12)

            // Saved and read again, it is still known.
            try await s.run("SaveNavigator")
            try await s.run("ReadNavFile", "\(folder)/grid.nav")
            try await s.run("LoadOtherMap", .number(map), "Q")
            let again = try await s.numbers("StagePosToBufImagePos", "Q", 0, .number(item[1]), .number(item[2]))
            #expect(SIMD2(pixel[0] - again[0], pixel[1] - again[1]).length < 0.1)
        }
    }

    @Test func withoutTransformingOnlyImagesAreTaken() async throws {
        try await inFolder { folder in
            let s = try await Scenario(seed: 1) { $0.folder = folder }
            let map = try await mapGrid(s, folder)
            let before = try await s.numbers("ReportOtherItem", 1)
            try await s.run("UnloadCartridge")
            try await s.loadGrid()
            let images = await s.microscope.exposureLog().count
            try await s.run("RealignReloadedGrid", .number(map), 0, 0, 3, 0)
            #expect(await s.microscope.exposureLog().count == images + 5)
            #expect(try await s.numbers("ReportOtherItem", 1) == before)
        }
    }

    @Test func onlyAMapOfAGridOnTheStageCanBeRealignedTo() async throws {
        try await inFolder { folder in
            let s = try await Scenario { $0.folder = folder }
            let map = try await mapGrid(s, folder)
            await #expect(throws: Scenario.Refusal.self) { try await s.run("RealignReloadedGrid", 1, 0) }
            try await s.run("UnloadCartridge")
            await #expect(throws: Scenario.Refusal.self) { try await s.run("RealignReloadedGrid", .number(map), 0) }
        }
    }
}
