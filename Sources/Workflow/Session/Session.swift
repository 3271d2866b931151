import Foundation
import ImageFiles
public import Microscope
import Units

/// A whole session: every grid of the settings through its levels, and the microscope safe at the end of it.
public struct Session: Sendable {
    let settings: SessionSettings
    private let models: SessionModels
    private let engine: Engine
    private let supervisor: any Supervisor
    private let patience: Duration
    let report: @Sendable (RunEvent) -> Void

    /// A session that can start: the settings are checked, the models are open, the journal is there.
    ///
    /// - Parameters:
    ///   - supervisor: asked at each checkpoint.
    ///   - patience: how long the session may be held before the microscope is made safe.
    public init(
        settings: SessionSettings, models: SessionModels, journal: any Journal, supervisor: any Supervisor = FreeRun(),
        patience: Duration = .seconds(60), report: @escaping @Sendable (RunEvent) -> Void
    ) {
        self.settings = settings
        self.models = models
        self.supervisor = supervisor
        self.patience = patience
        self.report = report
        engine = Engine(journal: journal, uncertainSteps: settings.uncertainSteps, report: report)
    }

    /// Runs until the level is reached for all grids, or something stops it; the microscope is made safe in both cases.
    ///
    /// Run again, it goes on from the last finished step.
    public func run(on bare: any Microscope) async throws {
        let microscope = GuardedMicroscope(bare, settings: settings.safety, stageLimit: settings.stageLimit, report: report)
        report(.sessionStarted("level \(settings.automationLevel), grids \(settings.gridList.map(String.init).joined(separator: ", "))"))
        models.remarks.forEach(report)
        var reports: [GridReport] = []
        do {
            try await throughLosses(of: microscope) {
                let context = try await context(of: microscope)
                reports = []
                for slot in settings.gridList {
                    reports.append(try await runGrid(slot, in: context))
                    try writeReport(reports, stopped: nil)
                }
            }
            await leaveSafe(microscope)
            for grid in reports { grid.lines.forEach { report(.note($0)) } }
            report(.note("pictures are in \(settings.sessionFolder)/<grid>/SPACE_maps/*_overview.png"))
            report(.sessionEnded(Self.summary(reports)))
        } catch {
            // A cancelled run may end with the error of whatever noticed it first.
            let isStopped = error is CancellationError || Task.isCancelled
            let reason = isStopped ? "stopped from outside" : sentence(error)
            report(.warning(isStopped ? "the session is stopped from outside" : "the session stops: \(reason)"))
            await leaveSafe(microscope)
            do {
                try writeReport(reports, stopped: reason)
            } catch {
                report(.warning("the session report was not written: \(sentence(error))"))
            }
            report(.sessionEnded("stopped before its end; the same command goes on from here"))
            throw error
        }
    }

    /// What the grids work with, once the microscope is found to have what they need.
    private func context(of microscope: any Microscope) async throws -> SessionContext {
        let facts = try await remembered(microscope.begin())
        report(.note("connected to \(facts.program); image shift limit \(facts.imageShiftLimit.value) µm"))
        try await microscope.check(states: settings.requiredStates)
        return SessionContext(
            settings: models.settled(settings), engine: engine, microscope: microscope, models: models, facts: facts,
            progress: ProgressCounter(report: report),
            gate: Gate(
                supervisor: supervisor, makeSafe: { [measures = settings.safety.measures] in await microscope.makeSafe(measures) }, reconnect: { try await microscope.reconnect() },
                patience: patience, report: report))
    }

    /// What the first run of a session read stays: PACEtomo changes SerialEM's image-shift limit and leaves it so, and
    /// targets chosen within one limit are not chosen anew within another.
    private func remembered(_ facts: MicroscopeFacts) async throws -> MicroscopeFacts {
        let first = try await engine.run(
            Step(StepIdentifier("session/microscope"), title: "Read the limits of the microscope", input: settings.host) { facts })
        return MicroscopeFacts(
            program: facts.program, imageShiftLimit: first.imageShiftLimit, maximumTilt: first.maximumTilt)
    }

    /// The cleanup is not cancelled with the session: it runs in a task of its own, which ends by the deadlines of its commands.
    private func leaveSafe(_ microscope: any Microscope) async {
        let measures = settings.safety.measures
        let state = await Task { await microscope.makeSafe(measures) }.value
        for failure in state.failures { report(.warning(failure)) }
        if !state.reached.isEmpty { report(.note("the microscope is left with \(state.reached.joined(separator: ", "))")) }
        report(.microscopeLeft(isSafe: state.failures.isEmpty))
        await microscope.disconnect()
    }

    /// How many lamellae a grid is taken to have until it is known.
    private static let usualLamellae = 10.0

    private var workPerLamella: Double {
        let level = settings.automationLevel
        guard level >= 2 else { return 0 }
        return Work.recentring + Work.mediumMap + (level >= 3 ? Work.segmentation : 1) + (level >= 4 ? Work.targets : 0)
    }

    private func runGrid(_ slot: Int, in context: SessionContext) async throws -> GridReport {
        if let old = try await finishedReport(slot, in: context) {
            report(.skipped(old.step, title: "Grid \(old.report.name)"))
            return old.report
        }
        if let reason = try await context.gate.pass(.grid(slot: slot)).skipped {
            let name = try await engine.lastOutput(of: .grid(slot, "name"), as: String.self)
            return GridReport(slot: slot, name: name ?? "grid \(slot)", skipped: reason)
        }
        let name = try await gridName(slot, microscope: context.microscope)
        report(.gridStarted(slot: slot, name: name))
        let folder = GridFolder(session: settings.sessionFolder, grid: name)
        try Folder.make(folder.maps)
        let prepare: @Sendable () async throws -> Void = {
            try await bringToStage(slot, microscope: context.microscope)
            try await context.microscope.enter(folder: folder.path, navigatorFile: folder.navigator)
            try await context.microscope.openValves()
        }
        try await prepare()
        let grid = GridSession(context: context, slot: slot, folder: folder, prepare: prepare)
        let result = try await runLevels(of: grid, name: name, slot: slot)
        guard result.skipped == nil else { return result }
        if case .skip(let reason) = await supervisor.verdict(at: .grid(slot: slot)) {
            // What was left out of it stays to be done by another run.
            return result.skipped(because: reason)
        }
        let leftOut = await grid.leftOut.sorted()
        guard leftOut.isEmpty else {
            // The level is not finished: the next run tries these again.
            report(
                .warning(
                    "\(leftOut.joined(separator: ", ")) of grid \(name) left out by errors (see above); the same command tries again"))
            return result
        }
        let finished = Self.finished(slot, level: settings.automationLevel)
        return try await context.engine.run(
            Step(finished, title: "Finish grid \(name)", input: settings.ofTheSample, products: { _ in folder.editable }, whenEdited: .doneAgain) { result })
    }

    private func runLevels(of grid: GridSession, name: String, slot: Int) async throws -> GridReport {
        let level = settings.automationLevel
        let progress = grid.context.progress
        let number = (settings.gridList.firstIndex(of: slot) ?? 0) + 1
        let count = settings.gridList.count
        await progress.begin(
            count > 1 ? "\(name) (grid \(number) of \(count))" : name, total: Work.wholeGrid + Self.usualLamellae * workPerLamella)
        let detected = try await grid.findLamellae()
        guard level >= 2 else { return GridReport(slot: slot, name: name, found: detected) }
        let found: [FoundLamella]
        switch try await grid.inspected(detected) {
        case .confirmed(let lamellae): found = lamellae
        case .leftOut(let reason): return GridReport(slot: slot, name: name, found: detected).skipped(because: reason)
        }
        await progress.plan((Double(found.count) - Self.usualLamellae) * workPerLamella)
        let recentred = try await grid.recentre(found)
        try await grid.drawOverview(found: found, recentred: recentred)
        var analysed = try await grid.withoutSkipped(grid.mapAndAnalyse(recentred))
        try await grid.drawOverview(found: found, recentred: recentred, analysed: analysed)
        if level >= 4 {
            try await grid.writeTargets(of: analysed)
            switch try await grid.inspected(analysed, of: recentred, found: found) {
            case .confirmed(let lamellae): analysed = lamellae
            case .leftOut(let reason):
                let report = GridReport(slot: slot, name: name, found: found, recentred: recentred, analysed: analysed, skipped: await grid.skipped)
                return report.skipped(because: reason)
            }
            analysed = try await grid.withTargetsFilesByHand(analysed)
        }
        _ = try await grid.writeDoses(of: found.map(\.number))
        let acquired = try await level >= 5 ? grid.acquire(analysed) : grid.acquiredEarlier(analysed)
        let doses = try await grid.writeDoses(of: found.map(\.number))
        let all = await (found + grid.removed).sorted { $0.number < $1.number }
        return GridReport(
            slot: slot, name: name, found: all, recentred: recentred, analysed: analysed, acquired: acquired,
            skipped: await grid.skipped, doses: doses)
    }

    /// The grid's name is read while the cartridge is in the cassette; on the stage its slot may read empty.
    private func gridName(_ slot: Int, microscope: any Microscope) async throws -> String {
        try await engine.run(
            Step(.grid(slot, "name"), title: "Read the name of grid \(slot)", input: slot) {
                let found = try await microscope.cassetteSlot(slot)
                let plain = (found.name ?? "").map { $0.isLetter || $0.isNumber || "-_".contains($0) ? $0 : "_" }
                let name = plain.isEmpty ? "G\(twoDigits(slot))" : String(plain)
                // Two grids of one name would share a folder, and the second replace the files of the first.
                for other in settings.gridList where other != slot {
                    if try await engine.lastOutput(of: .grid(other, "name"), as: String.self) == name {
                        return "\(name)_S\(twoDigits(slot))"
                    }
                }
                return name
            })
    }

    /// Loads the grid unless it is on the stage. The autoloader is asked every time: the journal does not know where a grid is.
    private func bringToStage(_ slot: Int, microscope: any Microscope) async throws {
        let place = try await microscope.cassetteSlot(slot).place
        let wasLoaded = try await engine.wasBegun(.grid(slot, "load"))
        switch place {
        case .stage: return
        case .notInCassette where wasLoaded: return
        case .notInCassette: throw WorkflowError.refused("Cassette slot \(slot) is empty; grid_list must name occupied slots.")
        case .noSuchSlot:
            throw WorkflowError.refused("SerialEM knows no cassette slot \(slot); grid_list must name slots of the cassette.")
        case .cassette:
            guard !(try await engine.wasBegun(.grid(slot, "whole-grid-map"))) else {
                throw WorkflowError.refused(
                    "Grid \(slot) was taken off the stage since its map was begun, so its positions no longer hold. "
                        + "Map it anew with another session_dir.")
            }
            _ = try await engine.run(
                Step<Int, Int>(exposing: .grid(slot, "load"), title: "Load grid \(slot)", input: slot) {
                    // The cartridge is in the cassette now, whatever was begun before.
                    .didNotHappen
                } perform: {
                    try await microscope.loadGrid(slot: slot)
                    return slot
                })
        }
    }

    /// What was reached so far; `stopped` says why the session ended early.
    private func writeReport(_ grids: [GridReport], stopped: String?) throws {
        var entries: JSONObject = [
            "datetime": .string(timestamp()), "level": .integer(settings.automationLevel),
            "grids_wanted": .array(settings.gridList.map { .integer($0) }), "grids": .array(grids.map(\.json)),
        ]
        if let stopped { entries["stopped"] = .string(stopped) }
        try JSONValue.object(entries).write(to: settings.sessionFolder + "/session_report.json")
    }

    private static func summary(_ grids: [GridReport]) -> String {
        let lamellae = grids.flatMap(\.lamellae)
        let targets = lamellae.reduce(0) { $0 + $1.targets }
        let acquired = lamellae.reduce(0) { $0 + $1.acquired }
        return "\(grids.count) grid\(grids.count == 1 ? "" : "s"), \(lamellae.count) lamellae, \(targets) targets, \(acquired) tilt series"
    }
}
