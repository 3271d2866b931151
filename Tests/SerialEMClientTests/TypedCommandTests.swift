import SerialEMClient
import SerialEMProtocol
import Testing
import Units

@Suite struct TypedCommandTests {
    typealias Call = @Sendable (SerialEMConnection) async throws -> Void

    static let um = Micrometers(1.5)
    static let calls: [Call] = [
        { try await $0.noMessageBoxOnError() }, { _ = try await $0.isVersionAtLeast("40200", built: "20250513") },
        { _ = try await $0.reportNumExeFuncs() }, { try await $0.suppressReports() }, { try await $0.errorsToLog() },
        { try await $0.delay(.zero) }, { try await $0.exit(code: 0, text: "done") },
        { _ = try await $0.reportProperty("A") },
        { try await $0.setVariable("a", "b") }, { try await $0.setPersistentVar("a", "b") },
        { _ = try await $0.getVariable("a") }, { try await $0.setDirectory("C:\\a") },
        { _ = try await $0.reportDirectory() },
        { try await $0.makeDirectory("C:\\a") }, { try await $0.allowFileOverwrite(true) },
        { _ = try await $0.reportFreeDiskSpace("C:\\") }, { try await $0.openNewFile("a") },
        { try await $0.openOldFile("a") },
        { try await $0.closeFile() }, { try await $0.save(fileNumber: 2) },
        { try await $0.readFile(section: 0, buffer: "Q") },
        { _ = try await $0.reportFileNumber() }, { _ = try await $0.reportFileZsize() },
        { _ = try await $0.reportStageXYZ() }, { try await $0.moveStageTo(x: um, y: um, z: um) },
        { try await $0.moveStage(x: um, y: um) }, { _ = try await $0.reportStageBusy() },
        { _ = try await $0.reportTiltAngle() }, { try await $0.tiltTo(Degrees(9)) },
        { _ = try await $0.reportTiltAxisOffset() }, { _ = try await $0.reportImageShift() },
        { try await $0.setImageShift(x: 1, y: 2, delay: 1, adjustBeamTilt: true) },
        { try await $0.imageShiftByMicrons(x: um, y: um) }, { _ = try await $0.reportAlignShift() },
        { try await $0.clearAlignment(leaveImageShift: true) }, { try await $0.setColumnOrGunValve(open: true) },
        { _ = try await $0.reportColumnOrGunValve() }, { try await $0.setBeamBlank(true) },
        { _ = try await $0.reportEnergyFilter() }, { try await $0.setSlitIn(true) },
        { _ = try await $0.reportIlluminatedArea() }, { try await $0.setApertureSize(number: 2, size: 100) },
        { _ = try await $0.reportApertureSize(number: 2) }, { _ = try await $0.areDewarsFilling() },
        { try await $0.manageDewarsAndPumps(lateChecks: 1) }, { _ = try await $0.reportMag() },
        { _ = try await $0.reportMagIndex() }, { _ = try await $0.reportDefocus() }, { try await $0.setTargetDefocus(-um) },
        { _ = try await $0.reportSlotStatus(3) }, { _ = try await $0.reportLoadedSlot() }, { try await $0.loadCartridge(3) }, { _ = try await $0.reportLowDose() },
        { try await $0.setLowDoseMode(true) }, { try await $0.goToLowDoseArea(.view) },
        { _ = try await $0.goToImagingState("2") }, { _ = try await $0.imagingStateProperties("2") },
        { _ = try await $0.cameraProperties(magIndex: 17) }, { _ = try await $0.reportBinning("R") },
        { _ = try await $0.reportExposure("R") }, { _ = try await $0.reportCurrentPixelSize("R") },
        { try await $0.record() }, { try await $0.view() }, { _ = try await $0.stageToSpecimenMatrix() },
        { _ = try await $0.specimenToStageMatrix() }, { _ = try await $0.cameraToSpecimenMatrix(magIndex: 17) },
        { _ = try await $0.specimenToCameraMatrix() }, { _ = try await $0.isToSpecimenMatrix() },
        { _ = try await $0.specimenToISMatrix() }, { try await $0.montage() },
        { try await $0.setupFullMontage(overlap: 0.1, file: "a") },
        { try await $0.setupPolygonMontage(item: 4, overlap: 0.1, file: "a") },
        { try await $0.paramSetToUseForMontage(2, nextOnly: true) },
        { try await $0.setMontageParams(stageMove: 1, binning: 2) },
        { try await $0.setMontPanelParams(sloppy: 0, multiplePeaks: 1) }, { _ = try await $0.reportNumMontagePieces() },
        { try await $0.copy(from: "A", to: "O") }, { _ = try await $0.imageProperties("B") },
        { _ = try await $0.reportMeanCounts("B") }, { try await $0.alignTo("O", noImageShift: true, noTrim: false) },
        { _ = try await $0.alignBetweenMags("O", maximumShift: 5, sizeRange: 4, rotationRange: 3, noImageShift: true) },
        { try await $0.eucentricity(3, useView: true) }, { try await $0.autoFocus(-1, area: 1) },
        { _ = try await $0.reportAutoFocus() }, { _ = try await $0.reportIfNavOpen() }, { try await $0.openNavigator("a") },
        { try await $0.closeNavigator() }, { try await $0.saveNavigator() }, { try await $0.readNavFile("a") },
        { _ = try await $0.reportNavFile() }, { _ = try await $0.reportNumTableItems() },
        { _ = try await $0.reportNavItem() }, { _ = try await $0.reportOtherItem(-1) },
        { _ = try await $0.navIndexWithNote("a") }, { _ = try await $0.navIndexWithLabel("a") },
        { _ = try await $0.newMap(note: "a") }, { try await $0.loadOtherMap(2, buffer: "O") },
        { try await $0.changeItemLabel(1, "a") }, { try await $0.changeItemNote(1, "a") },
        { try await $0.changeItemColor(1, 3) }, { try await $0.setItemAcquire(1) },
        { _ = try await $0.reportItemAcquire(1) },
        { _ = try await $0.bufImagePosToStagePos("B", x: 1, y: 2) },
        { _ = try await $0.stagePosToBufImagePos("B", x: um, y: um) },
        { _ = try await $0.addStagePosAsNavPoint(x: um, y: um, z: um, group: 7) },
        { _ = try await $0.addStagePointsAsPolygon(xVariable: "x", yVariable: "y", z: um) },
        { _ = try await $0.reportNumNavAcquire() }, { try await $0.navAcqAtEndUseParams("F", file: "a") },
        { try await $0.setNavAcqAtEndParams([("prim", 2), ("scrp-p", 5), ("scrp-b", 0), ("scrp-a", 0)]) }, { try await $0.startNavAcquireAtEnd() },
        { _ = try await $0.reportIfNavAcquiring() },
    ]

    @Test func everyTypedCommandIsSentInTheFormThatItsLettersAskFor() async throws {
        let refusal = Answer.send(try CommandReply.failure("not now").encoded())
        try await ScriptedServer.connected(Array(repeating: refusal, count: Self.calls.count)) { connection, server in
            for call in Self.calls {
                let error = await failure { try await call(connection) }
                #expect(error?.code == .commandFailed, "\(error?.message ?? "no error")")
            }
            #expect(server.received.count == Self.calls.count)
            for packet in server.received {
                let request = try CommandRequest.decode(packet)
                let definition = try #require(FunctionCodes.definition(code: request.code))
                for (argument, letter) in zip(request.arguments, definition.letters ?? "") {
                    let expected: Argument =
                        switch letter.lowercased() {
                        case "d": .number(argument.number)
                        case "i": .integer(argument.integer)
                        default: .text(argument.text)
                        }
                    #expect(argument == expected, "\(definition.name) sends \(argument) for letter \(letter)")
                }
            }
        }
    }

    @Test("The slot on the stage counts from 1, whatever the autoloader counts from", arguments: [
        ([3.0, 0], 3), ([0, 0], nil), ([0, 17], 1), ([4, 17], 5), ([-1, 0], nil),
    ] as [([Double], Int?)])
    func loadedSlot(reported: [Double], slot: Int?) async throws {
        let answers = [try Answer.reply(.number(reported[0]), .number(reported[1]))]
        try await ScriptedServer.connected(answers) { connection, _ in
            let found = try await connection.reportLoadedSlot()
            #expect(found == slot)
        }
    }

    @Test func aReplyBecomesAValueWithItsUnit() async throws {
        let answers = try [
            Answer.reply(.number(0.012)), .reply(.number(-1)), .reply(.number(1), .text("grid 4")),
            .reply(.number(2), .number(1.5), .number(-2), .number(0), .number(2)), .reply(.number(0)),
            .reply(.number(1), .number(-1)), .reply(.number(-2.5), .number(1)), .reply(.number(3)),
        ]
        try await ScriptedServer.connected(answers) { connection, _ in
            let area = try await connection.reportIlluminatedArea()
            #expect((area - Micrometers(1.2)).magnitude < Micrometers(1e-9))
            let valve = try await connection.reportColumnOrGunValve()
            #expect(valve == .inconsistent)
            let slot = try await connection.reportSlotStatus(4)
            #expect(slot.state == .occupied && slot.name == "grid 4")
            let item = try await connection.reportNavItem()
            #expect(item.index == 2 && item.kind == .map && item.y == Micrometers(-2))
            let index = try await connection.navIndexWithNote("nothing")
            #expect(index == nil)
            let lowDose = try await connection.reportLowDose()
            #expect(lowDose == LowDoseState(isOn: true, area: nil))
            let focus = try await connection.reportAutoFocus()
            #expect(!focus.succeeded && focus.defocus == Micrometers(-2.5))
            let state = try await connection.imagingStateProperties("9")
            #expect(state == nil)
        }
    }
}
