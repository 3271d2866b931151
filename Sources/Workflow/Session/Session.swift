import Foundation
import ImageFiles
public import Microscope
import Locks
import Units

/// A whole session: every grid of the settings through its levels, and the microscope safe at the end of it.
public struct Session: Sendable {
    let settings: SessionSettings
    let models: SessionModels
    let engine: Engine
    let supervisor: KeptSkips
    private let journal: any Journal
    private let plan: SessionPlan
    private let patience: Duration
    private let goesOn: Bool
    let report: @Sendable (RunEvent) -> Void

    /// A session that can start: the settings are checked, the models are open, the journal is there.
    ///
    /// - Parameters:
    ///   - supervisor: asked at each checkpoint.
    ///   - goesOn: whether an earlier run was cut, as by a crash, and this one goes on in its place: grids that were gone through are
    ///     not gone through again for what was left out of them.
    ///   - patience: how long the session may be held before the microscope is made safe.
    public init(
        settings: SessionSettings, models: SessionModels, journal: any Journal, supervisor: any Supervisor = FreeRun(), goesOn: Bool = false,
        patience: Duration = .seconds(60), report: @escaping @Sendable (RunEvent) -> Void
    ) {
        self.settings = settings
        self.journal = journal
        plan = SessionPlan(settings)
        self.models = models
        self.supervisor = KeptSkips(supervisor, journal: journal, report: report)
        self.patience = patience
        self.goesOn = goesOn
        self.report = report
        engine = Engine(journal: journal, uncertainSteps: settings.uncertainSteps, plan: plan, report: report)
    }

    /// What one grid works with.
    func context(of slot: Int, in context: SessionContext) -> SessionContext {
        let own = settings.of(grid: slot)
        return SessionContext(
            settings: models.settled(own), engine: Engine(journal: journal, uncertainSteps: own.uncertainSteps, plan: plan, report: report),
            microscope: context.microscope, models: models, facts: context.facts, progress: context.progress, gate: context.gate)
    }

    /// Runs until the level is reached for all grids, or something stops it; the microscope is made safe in both cases.
    ///
    /// Run again, it goes on from the last finished step. Returns what was asked for and neither done nor left out by a person,
    /// grid by grid, such as `grid HeLa_1: L03 left out by errors`.
    @discardableResult
    public func run(on bare: any Microscope) async throws -> [String] {
        let unbroken = Unbroken()
        let microscope = GuardedMicroscope(
            bare, settings: settings.safety, stageLimit: settings.stageLimit, unbroken: unbroken,
            stopped: { [supervisor] in
                // A stop holds wherever it is asked for.
                guard case .stop(let reason) = await supervisor.verdict(at: .map(slot: 0)) else { return nil }
                return reason
            }, report: report)
        report(.sessionStarted("level \(settings.highestLevel), grids \(settings.gridList.map(String.init).joined(separator: ", "))"))
        models.remarks.forEach(report)
        let kept = Locked(Reports())
        // Read where nobody writes any more.
        var reports: [GridReport] { kept.withLock { $0.all } }
        do {
            let attempt = try await beginAttempt(goingOn: goesOn)
            let known = try await gridsPassed(in: attempt)
            kept.withLock { $0.passed = known }
            try await throughPauses(of: microscope, unbroken) {
                try await throughLosses(of: microscope, unbroken) {
                    let context = try await context(of: microscope, unbroken)
                    kept.withLock { $0.all = [] }
                    try await readCassette(context.microscope)
                    for slot in settings.gridList {
                        let passed = kept.withLock { $0.passed[slot] }
                        if let passed { report(.note("grid \(passed.name) was gone through before; what was left out of it is for another run")) }
                        let result = if let passed { passed } else { try await runGrid(slot, in: context) }
                        if passed == nil, try await isPassedBy(slot) {
                            try await notePassed(result, in: attempt)
                            kept.withLock { $0.passed[slot] = result }
                        }
                        try writeReport(kept.withLock { $0.take(result) }, stopped: nil)
                    }
                    // What people took back after it had been passed by.
                    for _ in 0 ..< Self.mostRounds {
                        guard let slot = try await gridTakenBack(in: kept.withLock({ $0.all })) else { break }
                        let result = try await runGrid(slot, in: context)
                        if try await isPassedBy(slot) { try await notePassed(result, in: attempt) }
                        try writeReport(kept.withLock { $0.replace(result) }, stopped: nil)
                    }
                }
            }
            await leaveSafe(microscope)
            for grid in reports { grid.lines.forEach { report(.note($0)) } }
            report(.note("pictures are in \(settings.sessionFolder)/<grid>/SPACE_maps/*_overview.png"))
            let missing = reports.compactMap { grid in grid.missing.map { (grid.name.hasPrefix("grid ") ? "" : "grid ") + "\(grid.name): \($0)" } }
            if !missing.isEmpty { report(.note("not done: \(missing.joined(separator: "; ")); \(supervisor.resumption) tries again what can still be done")) }
            report(.sessionEnded(Self.summary(reports)))
            return missing
        } catch {
            // A cancelled run may end with the error of whatever noticed it first.
            let isStopped = error is CancellationError || Task.isCancelled
            let reason = isStopped ? "stopped from outside" : sentence(error)
            report(.warning(isStopped ? "the session is stopped from outside" : "the session stops: \(reason)"))
            await leaveSafe(microscope)
            do {
                // Read also where the session is cancelled.
                let known = reports.map(\.slot)
                let unfinished = try await Task { try await self.unfinished(besides: known) }.value
                try writeReport(reports + unfinished, stopped: reason)
            } catch {
                report(.warning("the session report was not written: \(sentence(error))"))
            }
            let isFull = (error as? WorkflowError)?.code == .noRoom
            report(.sessionEnded("stopped before its end; " + (isFull ? "once there is room, it goes on from here" : "\(supervisor.resumption) goes on from here")))
            throw error
        }
    }

    /// What was reached so far.
    private struct Reports {
        var all: [GridReport] = []
        /// Grids that were gone through and not finished, for what failed or was left out: they are not taken up again because the
        /// connection was lost, or the session paused, at another.
        var passed: [Int: GridReport] = [:]

        mutating func take(_ report: GridReport) -> [GridReport] {
            all.append(report)
            return all
        }

        mutating func replace(_ report: GridReport) -> [GridReport] {
            all = all.map { $0.slot == report.slot ? report : $0 }
            if passed[report.slot] != nil { passed[report.slot] = report }
            return all
        }
    }

    /// What the grids work with, once the microscope is found to have what they need.
    private func context(of microscope: GuardedMicroscope, _ unbroken: Unbroken) async throws -> SessionContext {
        let facts = try await remembered(microscope.begin())
        report(.note("connected to \(facts.program); image shift limit \(facts.imageShiftLimit.value) µm"))
        try await microscope.check(states: settings.requiredStates)
        try await checkCalibrations(microscope)
        return SessionContext(
            settings: settings, engine: engine, microscope: microscope, models: models, facts: facts,
            progress: ProgressCounter(report: report),
            gate: Gate(
                supervisor: supervisor, makeSafe: { [measures = settings.safety.measures] in await microscope.makeSafe(measures) }, reconnect: {
                    try await microscope.reconnect()
                    // Who paused a session, or looked at its targets, has worked in SerialEM meanwhile.
                    _ = try await microscope.begin()
                    try await microscope.check(states: settings.requiredStates)
                    try await checkCalibrations(microscope)
                },
                patience: patience, report: report, unbroken: unbroken, watch: { await microscope.watchWhileHeld() }, wasLeftAlone: { await microscope.takeLeftAlone() }))
    }

    /// What the first run of a session read stays: PACEtomo changes SerialEM's image-shift limit and leaves it so, and
    /// targets chosen within one limit are not chosen anew within another.
    private func remembered(_ facts: MicroscopeFacts) async throws -> MicroscopeFacts {
        let first = try await engine.run(
            Step(StepIdentifier("session/microscope"), title: "Read the limits of the microscope", input: settings.host) { facts })
        if first.program != facts.program {
            report(
                .warning(
                    "the session began with \(first.program), and this is \(facts.program): make sure that its calibrations and imaging states are the same"))
        }
        if first.maximumTilt != facts.maximumTilt {
            report(.warning("the stage tilted to \(first.maximumTilt.value) degrees at most when the session began, and tilts to \(facts.maximumTilt.value) now"))
        }
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

    /// What was reached so far; `stopped` says why the session ended early.
    private func writeReport(_ grids: [GridReport], stopped: String?) throws {
        var entries: JSONObject = [
            "datetime": .string(timestamp()), "level": .integer(settings.highestLevel),
            "grids_wanted": .array(settings.gridList.map { .integer($0) }), "grids": .array(grids.map(\.json)),
        ]
        if let stopped { entries["stopped"] = .string(stopped) }
        try JSONValue.object(entries).write(to: settings.sessionFolder + "/session_report.json")
    }

    private static func summary(_ grids: [GridReport]) -> String {
        let lamellae = grids.flatMap(\.lamellae)
        let targets = lamellae.reduce(0) { $0 + $1.targets }
        let acquired = lamellae.reduce(0) { $0 + $1.acquired }
        let failed = grids.count { $0.hasFailed }
        return (failed > 0 ? "\(failed) of " : "") + "\(grids.count) grid\(grids.count == 1 ? "" : "s")\(failed > 0 ? " failed" : ""), \(lamellae.count) lamellae, \(targets) targets, \(acquired) tilt series"
    }
}
