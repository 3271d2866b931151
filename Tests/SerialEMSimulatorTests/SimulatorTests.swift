import Foundation
import Geometry
import ImageFiles
import Logging
import Navigator
import SerialEMClient
import SerialEMProtocol
import SerialEMSimulator
import Testing
import Units

@Suite struct SimulatorTests {
    @Test func aMoveEndsNearWhereItWasSent() async throws {
        try await withSimulator { sem, _, _ in
            try await sem.moveStageTo(x: Micrometers(120), y: Micrometers(-45), z: Micrometers(3))
            let now = try await sem.reportStageXYZ()
            #expect(abs(now.x.value - 120) < 0.05)
            #expect(abs(now.y.value + 45) < 0.05)
            #expect(abs(now.z.value - 3) < 0.1)
        }
    }

    @Test func aMoveBeyondTheLimitsIsRefusedByName() async throws {
        try await withSimulator { sem, _, _ in
            let error = await #expect(throws: SerialEMError.self) {
                try await sem.moveStageTo(x: Micrometers(2000), y: Micrometers(0))
            }
            #expect(error?.code == .commandFailed)
            #expect(error?.reportedText?.contains("MoveStageTo(2000., 0.)") == true)
        }
    }

    @Test func aCommandThatIsNotSimulatedIsNamed() async throws {
        try await withSimulator { sem, _, _ in
            let error = await #expect(throws: SerialEMError.self) { try await sem.perform("FindHoles", [], kind: .reading, deadline: .seconds(60)) }
            #expect(error?.reportedText?.contains("without squares and holes to find. / FindHoles()") == true)
        }
    }

    @Test func aRecordArrivesAsAnImage() async throws {
        try await withSimulator { sem, server, _ in
            try await loadFirstGrid(sem)
            try await sem.record()
            let image = try #require(try await sem.bufferImage("A"))
            #expect(image.width == 1440)
            #expect(image.height == 1024)
            #expect(image.samples().reduce(0, +) > 0)
            #expect(await server.microscope.exposureLog().count == 1)
            #expect(try await sem.bufferImage("O") == nil)
        }
    }

    @Test func stageAndImagePositionsAreInverse() async throws {
        try await withSimulator { sem, _, folder in
            try await loadFirstGrid(sem)
            try await sem.openNavigator("\(folder)/grid.nav")
            #expect(try await sem.goToImagingState("2") == 0)
            try await sem.record()
            let stage = try await sem.bufImagePosToStagePos("A", x: 300, y: 800)
            let back = try await sem.stagePosToBufImagePos("A", x: stage.x, y: stage.y)
            #expect(abs(back.x - 300) < 0.01)
            #expect(abs(back.y - 800) < 0.01)
        }
    }

    @Test func alignmentFindsTheShiftOfTheStage() async throws {
        try await withSimulator { sem, _, folder in
            try await loadFirstGrid(sem)
            let lamella = try firstGoodLamella(folder, slot: 1)
            #expect(try await sem.goToImagingState("3") == 0)
            try await sem.moveStageTo(x: lamella.x, y: lamella.y, z: lamella.z)
            try await sem.view()
            try await sem.copy(from: "A", to: "O")
            try await sem.moveStage(x: Micrometers(1.5), y: Micrometers(-0.9))
            try await sem.view()
            #expect(try await sem.alignTo("O", noImageShift: true))
            let shift = try #require(try await sem.reportAlignShift())
            let matrix = try #require(try await sem.specimenToStageMatrix())
            // The shift is what A needs; the stage went the other way.
            let x = -(matrix.xpx * shift.specimenX.value + matrix.xpy * shift.specimenY.value) / 1000
            let y = -(matrix.ypx * shift.specimenX.value + matrix.ypy * shift.specimenY.value) / 1000
            #expect(abs(x + 1.5) < 0.8)
            #expect(abs(y - 0.9) < 0.8)
        }
    }

    @Test func viewIsFoundWithinAnIntermediateImage() async throws {
        try await withSimulator { sem, _, folder in
            try await loadFirstGrid(sem)
            let lamella = try firstGoodLamella(folder, slot: 1)
            #expect(try await sem.goToImagingState("2") == 0)
            // The intermediate magnification is displaced by a few micrometres.
            try await sem.moveStageTo(x: lamella.x + Micrometers(3.4), y: lamella.y - Micrometers(2.2), z: lamella.z)
            try await sem.record()
            try await sem.copy(from: "A", to: "O")
            #expect(try await sem.goToImagingState("3") == 0)
            try await sem.moveStageTo(x: lamella.x + Micrometers(1), y: lamella.y + Micrometers(1))
            try await sem.view()
            _ = try await sem.alignBetweenMags("O", maximumShift: 15, sizeRange: 0, rotationRange: -1, noImageShift: true)
            let shift = try #require(try await sem.reportAlignShift())
            let matrix = try #require(try await sem.specimenToStageMatrix())
            let x = -(matrix.xpx * shift.specimenX.value + matrix.xpy * shift.specimenY.value) / 1000
            let y = -(matrix.ypx * shift.specimenX.value + matrix.ypy * shift.specimenY.value) / 1000
            #expect(abs(x + 1.6) < 1)
            #expect(abs(y + 1.45) < 1)
        }
    }

    @Test func aPolygonMontageBecomesAMap() async throws {
        try await withSimulator { sem, _, folder in
            try await loadFirstGrid(sem)
            let lamella = try firstGoodLamella(folder, slot: 1)
            try await sem.openNavigator("\(folder)/grid.nav")
            let (x, y) = (lamella.x.value, lamella.y.value)
            try await sem.setVariable("xs", [x - 8, x + 8, x + 8, x - 8].map { "\($0)" }.joined(separator: "\n"))
            try await sem.setVariable("ys", [y - 8, y - 8, y + 8, y + 8].map { "\($0)" }.joined(separator: "\n"))
            let polygon = try await sem.addStagePointsAsPolygon(xVariable: "xs", yVariable: "ys", z: lamella.z)
            #expect(try await sem.goToImagingState("3") == 0)
            try await sem.moveStageTo(x: lamella.x, y: lamella.y, z: lamella.z)
            try await sem.paramSetToUseForMontage(2)
            try await sem.setupPolygonMontage(item: polygon, overlap: 0.15, file: "\(folder)/L01.mrc")
            let count = try await sem.reportNumMontagePieces()
            #expect(count > 1)
            try await sem.montage()
            let map = try await sem.newMap(note: "L01.mrc")
            try await sem.saveNavigator()
            try await sem.closeFile()

            let header = try MRCFile.header("\(folder)/L01.mrc")
            #expect(header.sections == count)
            let mdoc = try Mdoc.read("\(folder)/L01.mrc.mdoc")
            #expect(mdoc.pieces.count == count)
            #expect(mdoc.pieces.allSatisfy { $0.pieceCoordinates != nil && $0.stagePosition != nil })
            let item = try #require(try NavigatorFile.read("\(folder)/grid.nav").items.first { $0.note == "L01.mrc" })
            #expect(item.kind == .map)
            #expect(item.stage.distance(to: Point(x: x, y: y)) < 1)
            try await sem.loadOtherMap(map, buffer: "O")
            let loaded = try await sem.imageProperties("O")
            let toMap = try #require(item.stageToMap)
            let inMap = toMap(Point(x: x, y: y))
            let inBuffer = try await sem.stagePosToBufImagePos("O", x: lamella.x, y: lamella.y)
            #expect(loaded.width == item.mapWidth)
            #expect(abs(inMap.x - inBuffer.x) < 60)
            #expect(abs(inMap.y - inBuffer.y) < 60)
        }
    }

    @Test func eucentricityFindsTheTrueHeight() async throws {
        try await withSimulator { sem, _, folder in
            try await loadFirstGrid(sem)
            let lamella = try firstGoodLamella(folder, slot: 1)
            try await sem.moveStageTo(x: lamella.x, y: lamella.y)
            try await sem.eucentricity(3)
            #expect(abs(try await sem.reportStageXYZ().z.value - lamella.z.value) < 0.6)
            try await sem.setTargetDefocus(Micrometers(-4))
            try await sem.autoFocus()
            try await sem.autoFocus(-1)
            #expect(abs(try await sem.reportAutoFocus().defocus.value + 4) < 0.4)
        }
    }

    @Test func onlyOneClientAtATimeIsServed() async throws {
        try await withSimulator { first, server, _ in
            let second = try await SerialEMConnection.connect(host: "127.0.0.1", port: server.port, logger: .init(label: "second"))
            _ = try await second.beginControl()
            #expect(try await second.reportTiltAngle().value < 1)
            await #expect(throws: SerialEMError.self) { try await first.reportTiltAngle() }
            await second.close()
        }
    }

    @Test(arguments: [(LowDoseArea.record, 2.0), (.view, 20)])
    func theIlluminatedAreaIsTheBeamThatExposes(area: LowDoseArea, expected: Double) async throws {
        try await withSimulator { sem, _, _ in
            _ = try await sem.setLowDoseMode(true)
            try await sem.goToLowDoseArea(area)
            #expect(abs(try await sem.reportIlluminatedArea().value - expected) < 0.01)
        }
    }

    @Test func emptySlotsCannotBeLoaded() async throws {
        try await withSimulator { sem, _, _ in
            #expect(try await sem.reportSlotStatus(1).state == .occupied)
            for slot in 1 ... 12 where try await sem.reportSlotStatus(slot).state == .empty {
                await #expect(throws: SerialEMError.self) { try await sem.loadCartridge(slot) }
                return
            }
        }
    }
}

func loadFirstGrid(_ sem: SerialEMConnection) async throws {
    try await sem.loadCartridge(1)
    try await sem.setColumnOrGunValve(open: true)
}

/// Where the truth file says that a good lamella is.
func firstGoodLamella(_ folder: String, slot: Int) throws -> (x: Micrometers, y: Micrometers, z: Micrometers) {
    let truth = try JSONDecoder().decode(SimulatorTruth.self, from: Data(contentsOf: URL(fileURLWithPath: "\(folder)/truth.json")))
    let grid = try #require(truth.grids.first { $0.slot == slot })
    let lamella = try #require(grid.lamellae.first { $0.className == "good" })
    return (Micrometers(lamella.stage.x), Micrometers(lamella.stage.y), Micrometers(lamella.eucentricZ))
}
