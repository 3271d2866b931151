import Foundation
import Geometry
import Microscope
import Navigator
import SerialEMMicroscope
import SerialEMSimulator
import Testing
import Units

/// What is looked at before the first piece of a montage.
@Suite struct MontageLimitTests {
    private static let wholeGrid = ImagingSetup(states: ["1"], lowDose: false, condenserAperture: 0, objectiveAperture: 0)
    private static let view = ImagingSetup(states: ["3"], lowDose: true, condenserAperture: 0, objectiveAperture: 70)

    private func request(_ file: String, limit: Double) -> MontageRequest {
        var request = MontageRequest(file: file, label: "M", overlap: 0.2)
        request.stageLimit = Micrometers(limit)
        return request
    }

    /// A square of 20 um about a place.
    private func addSquare(_ x: Double, _ y: Double, _ microscope: SerialEMMicroscope) async throws {
        _ = try await microscope.editNavigator { file in
            file.items.removeAll { $0.label == "FP1" }
            let corners = [(-10.0, -10.0), (10, -10), (10, 10), (-10, 10)].map { Point<Frame.Stage>(x: x + $0.0, y: y + $0.1) }
            file.items.append(
                NavigatorItem.polygon(
                    label: "FP1", vertices: corners, z: .zero, note: "", color: .green, registration: 1, mapID: file.unusedMapID(), userValue1: 0))
        }
    }

    @Test func aMontageWithPiecesBeyondTheStageLimitIsRefusedBeforeAnythingIsExposed() async throws {
        try await withLoadedGrid { microscope, server, _ in
            _ = try await microscope.use(Self.view)
            try await addSquare(300, 0, microscope)
            // The middle is within the limit, and the pieces at the edge are not.
            let error = await #expect(throws: MicroscopeError.self) { try await microscope.mapPolygon(label: "FP1", request("L.mrc", limit: 305)) }
            #expect(error?.code == .refused)
            #expect(error?.message.hasPrefix("L.mrc was not taken: its pieces reach to 3") == true && error?.message.hasSuffix("µm, beyond stage_limit (305.00 µm).") == true, "\(error?.message ?? "")")
            #expect(await server.microscope.exposureLog().isEmpty)
        }
    }

    @Test func noPieceOfAnAllowedMontageLiesBeyondTheLimitThatAllowedIt() async throws {
        try await withLoadedGrid { microscope, server, _ in
            _ = try await microscope.use(Self.view)
            try await addSquare(300, 0, microscope)
            // The square is turned against the camera: its extent there is larger than itself.
            try await microscope.mapPolygon(label: "FP1", request("L.mrc", limit: 315))
            let log = await server.microscope.exposureLog()
            #expect(log.count > 1)
            #expect(log.allSatisfy { $0.stageX.magnitude <= 315.1 && $0.stageY.magnitude <= 315.1 })
        }
    }

    @Test func theMapOfTheGridIsLaidOutWithinALowerStageLimit() async throws {
        try await withLoadedGrid { microscope, server, _ in
            _ = try await microscope.use(Self.wholeGrid)
            try await microscope.mapWholeGrid(request("G.mrc", limit: 300))
            let log = await server.microscope.exposureLog()
            #expect(log.count > 1)
            #expect(log.allSatisfy { $0.stageX.magnitude <= 300 && $0.stageY.magnitude <= 300 }, "\(log.map { ($0.stageX, $0.stageY) })")
        }
    }

    @Test func aMontageThatIsGoneOnWithIsHeldAgainstTheRoomThatItsOtherPiecesNeed() async throws {
        try await withLoadedGrid { microscope, server, _ in
            _ = try await microscope.use(Self.wholeGrid)
            var map = request("G.mrc", limit: 990)
            server.microscope.faults.add([Fault(.diskFull, when: .init(command: "Montage", after: 5))])
            await #expect(throws: MicroscopeError.self) { try await microscope.mapWholeGrid(map) }
            guard case .resumable(pieces: 5, of: let all) = try await microscope.recoverMap(map, fileIsWhole: false) else {
                Issue.record("five pieces were taken")
                return
            }
            let exposures = await server.microscope.exposureLog().count
            map.reserve = 1e15
            let lack = await #expect(throws: NotEnoughSpace.self) { try await microscope.resumeMap(map) }
            #expect(lack?.needed == 1e15 + Double(all - 5) * 1440 * 1024 * 2)
            #expect(await server.microscope.exposureLog().count == exposures)
            // SerialEM has not forgotten it.
            map.reserve = 0
            try await microscope.resumeMap(map)
            #expect(await server.microscope.exposureLog().count == exposures + all - 5)
        }
    }
}
