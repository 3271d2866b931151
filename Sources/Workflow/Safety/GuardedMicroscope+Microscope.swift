import Foundation
import Geometry
import Microscope
import Navigator
import Targets
import Units

/// What a session asks of its microscope, with what is looked at before and after.
extension GuardedMicroscope: Microscope {
    func begin() async throws -> MicroscopeFacts {
        await base.watch { [weak self] exposes in try await self?.lookWhereOld(exposes: exposes) }
        let facts = try await base.begin()
        note(facts: facts)
        return facts
    }
    func check(states: [ImagingStateRequirement]) async throws { try await base.check(states: states) }
    func calibrations(of states: [ImagingStateRequirement]) async throws -> Calibrations { try await base.calibrations(of: states) }
    func enter(folder: String, navigatorFile: String) async throws {
        try await base.enter(folder: folder, navigatorFile: navigatorFile)
        note(folder: folder)
    }
    func cassetteSlot(_ slot: Int) async throws -> CassetteSlot { try await base.cassetteSlot(slot) }

    func autoloaderObstacle(moving slot: Int) async throws -> String? { try await base.autoloaderObstacle(moving: slot) }
    func watch(_ look: @escaping @Sendable (_ exposes: Bool) async throws -> Void) async { await base.watch(look) }

    func loadGrid(slot: Int) async throws {
        let what = "load grid \(slot)"
        // How it lies then is looked at after it, and its cartridge by it.
        try await clear(for: what, taking: Seconds(900), moving: slot, mayCut: false)
        noteNothing()
        try await watching(what, mayCut: false) { [base] in try await base.loadGrid(slot: slot) }
    }

    func unloadGrid(to slot: Int) async throws {
        let what = "take the grid off the stage"
        try await clear(for: what, taking: Seconds(900), moving: slot, mayCut: false)
        noteNothing()
        try await watching(what, mayCut: false) { [base] in try await base.unloadGrid(to: slot) }
    }

    func realignReloadedGrid(toMapWithNote note: String) async throws {
        try await exposing("realign the grid to \(note)", taking: Seconds(600), for: .realignment, whenDark: .told) { [base] in
            try await base.realignReloadedGrid(toMapWithNote: note)
        }
    }

    func openValves() async throws {
        // Opened before anything is looked for; cut here, a grid would be loaded once more for every long pumping after a load.
        repeat { try await clear(for: "open the column valves", mayCut: false) } while try await !tryToOpenValves()
        note(valvesAreOpen: true)
    }

    func examine(_ request: ExaminationRequest) async -> [Finding] { await base.examine(request) }

    func use(_ setup: ImagingSetup) async throws -> CameraConditions {
        let what = "set imaging state \(setup.states.joined(separator: ", "))"
        try await clear(for: what)
        note(setup: nil)
        let conditions = try await watching(what) { [base] in try await base.use(setup) }
        note(setup: setup)
        return conditions
    }

    func stagePosition() async throws -> StageLocation { try await base.stagePosition() }

    func moveStage(to position: Point<Frame.Stage>, z: Micrometers?) async throws {
        let limit = stageLimit.value
        guard abs(position.x) <= limit, abs(position.y) <= limit else {
            throw WorkflowError.refused(
                "The stage was not sent to \(Int(clamped(position.x))), \(Int(clamped(position.y))) µm, which is beyond stage_limit (\(Int(limit)) µm).")
        }
        try await clear(for: "move the stage")
        try await watching("move the stage") { [base] in try await base.moveStage(to: position, z: z) }
        note(position: position, z: z)
    }

    func findRoughEucentricity() async throws -> StageLocation {
        let found = try await exposing("find the eucentric height", taking: Seconds(120), for: .eucentricity, whenDark: singleImagesWhenDark) { [base] in
            try await base.findRoughEucentricity()
        }
        // After a long wait the stage goes back to where it is now, not to where it was before.
        note(position: found.point, z: found.z)
        return found
    }

    func takeImage(savingTo file: String) async throws -> StageImage {
        try await exposing("take \(file)", taking: Seconds(120), for: .intermediate, whenDark: singleImagesWhenDark) { [base] in
            try await base.takeImage(savingTo: file)
        }
    }

    /// Outside Low Dose a few images are nothing to the specimen; in it none is taken twice.
    private var singleImagesWhenDark: WhenDark { setup?.lowDose == false ? .takenAgain() : .told }

    func mapWholeGrid(_ request: MontageRequest) async throws {
        let path = folder + "/" + request.file
        let discard: @Sendable () async throws -> Void = { [base] in
            _ = try await base.editNavigator { file in file.items.removeAll { $0.kind == .map && $0.note == request.file } }
            try Self.keepAside(path)
        }
        try await exposing("map the grid in \(request.file)", taking: Seconds(900), whenDark: .takenAgain(discarding: discard)) { [self] in
            try await withRoom("map the grid in \(request.file)") { [base, stageLimit] reserve in try await base.mapWholeGrid(request.leaving(reserve, within: stageLimit)) }
        }
    }

    func mapPolygon(label: String, _ request: MontageRequest) async throws {
        try await exposing("map \(request.label) in \(request.file)", taking: Seconds(300), whenDark: .asked) { [self] in
            try await withRoom("map \(request.label) in \(request.file)") { [base, stageLimit] reserve in
                try await base.mapPolygon(label: label, request.leaving(reserve, within: stageLimit))
            }
        }
    }

    func recoverMap(_ request: MontageRequest, fileIsWhole: Bool) async throws -> MapRecovery {
        try await base.recoverMap(request, fileIsWhole: fileIsWhole)
    }

    func closeMap(_ request: MontageRequest) async throws { try await base.closeMap(request) }

    func resumeMap(_ request: MontageRequest) async throws {
        try await exposing("go on with \(request.file)", taking: Seconds(900), whenDark: setup?.lowDose == false ? .told : .asked) { [self] in
            try await withRoom("go on with \(request.file)") { [base, stageLimit] reserve in try await base.resumeMap(request.leaving(reserve, within: stageLimit)) }
        }
    }

    func navigator() async throws -> NavigatorFile { try await base.navigator() }
    func editNavigator(_ edit: @Sendable (inout NavigatorFile) throws -> Void) async throws -> NavigatorFile {
        try await base.editNavigator(edit)
    }
    func lowDoseGeometry() async throws -> LowDoseGeometry {
        try await clear(for: "read the Low Dose areas")
        return try await watching("read the Low Dose areas") { [base] in try await base.lowDoseGeometry() }
    }

    func startAcquisition(script: Int) async throws {
        let plan = try AcquisitionPlan(items: try await base.navigator().items, folder: folder)
        try plan.requireWithin(stage: stageLimit)
        if let facts {
            let limit = PACEtomoLimits.reach(imageShiftLimit: facts.imageShiftLimit)
            for target in plan.beyond(imageShift: limit) {
                report(.warning("\(target), beyond the image-shift limit of \(limit.value) µm; PACEtomo leaves it out"))
            }
        }
        try await clear(for: "start the acquisition", taking: Seconds(900))
        try await withRoom("start the acquisition") { [base, folder] reserve in
            guard let reserve else { return }
            let needed = plan.bytes + reserve
            let free = try await base.freeSpace(in: folder)
            guard free >= needed else { throw NotEnoughSpace(file: "the tilt series of \(plan.targets) targets", needed: needed, free: free) }
        }
        note(setup: nil)
        unbroken.begin()
        do {
            // Not cancelled with the session: between its two commands the acquisition would begin when nobody expects it any more.
            try await Task { [base] in try await base.startAcquisition(script: script) }.value
        } catch {
            unbroken.end()
            throw error
        }
    }

    func awaitControl(within limit: Duration, tick: @Sendable (Duration, AcquisitionSign) -> Void) async throws -> AcquisitionEnd {
        defer { unbroken.end() }
        return try await base.awaitControl(within: limit, tick: tick)
    }
    func makeSafe(_ measures: [SafetyMeasure]) async -> SafeState {
        if measures.contains(.valves) { note(valvesAreOpen: false) }
        return await base.makeSafe(measures)
    }
    func condition(of interlocks: Set<Interlock>) async throws -> MicroscopeCondition { try await base.condition(of: interlocks) }
    func refill() async throws { try await base.refill() }
    func wait(_ time: Seconds) async throws { try await base.wait(time) }
    func freeSpace(in folder: String) async throws -> Double { try await base.freeSpace(in: folder) }
    func exposureTimes() async throws -> [String: Double] { try await base.exposureTimes() }
    func exposuresSinceAsked() async -> [ExposureRun] { await base.exposuresSinceAsked() }
    func reconnect() async throws { try await base.reconnect() }
    func disconnect() async { await base.disconnect() }

    /// Renames a map that was taken in the dark, with its mdoc.
    private static func keepAside(_ path: String) throws {
        let manager = FileManager.default
        let stem = String(path.dropLast(4))
        var number = 1
        while manager.fileExists(atPath: "\(stem)_dark\(number).mrc") { number += 1 }
        for suffix in ["", ".mdoc"] where manager.fileExists(atPath: path + suffix) {
            try manager.moveItem(atPath: path + suffix, toPath: "\(stem)_dark\(number).mrc\(suffix)")
        }
    }
}

extension MontageRequest {
    fileprivate func leaving(_ reserve: Double?, within limit: Micrometers) -> Self {
        var request = self
        request.stageLimit = limit
        request.reserve = reserve
        return request
    }
}
