import Foundation
import ImageFiles
import Microscope
import Navigator
import Targets

/// Level 5: Acquire at Items runs PACEtomo area by area; what it acquired is read from its files.
///
///     not begun ──► Acquire at Items ──► whole ─────────────► never again
///         ▲               └────────────► cut short ─┬───────► taken as it is | left out   (a person)
///         └──────────── again (a person, or uncertain_steps) ┴► left out of this run      (uncertain_steps, nobody came)
extension GridSession {
    private func acquisition(of areas: [PlannedArea]) -> Step<AcquisitionWatch.Input, [AcquiredTarget]> {
        let script = settings.scriptNumbers[2]
        return Step(
            exposing: .grid(slot, "acquisition"), title: "Acquire \(areas.reduce(0) { $0 + $1.targets }) targets of grid \(folder.grid)",
            input: AcquisitionWatch.Input(areas: areas.map(\.area), script: script)
        ) { [self] in
            let areas = try await standing(areas)
            if areas.allSatisfy(\.isClosed) { return .happened(areas.flatMap(\.acquired)) }
            if areas.allSatisfy({ $0.state == .untouched }) { return .didNotHappen }
            return .partly(areas.words) { [self] in try await acquireUntouched(areas.map(\.planned), script: script) }
        } perform: { [self] in
            try await acquireUntouched(areas, script: script)
        }
    }

    func acquire(_ lamellae: [AnalysedLamella]) async throws -> [AcquiredTarget] {
        guard settings.isAcquiredByPACEtomo else { return try await leaveToPeople(lamellae) }
        if try await pass(.acquisition(slot: slot)) != nil { return try await acquiredEarlier(lamellae) }
        let areas = planned(lamellae)
        guard !areas.isEmpty else {
            engine.note(.warning("grid \(folder.grid) has no targets; nothing is acquired"))
            return []
        }
        try await tellChangedSeries(areas)
        let step = acquisition(of: areas)
        try await openTakenBack(areas, of: step.id, input: step.input)
        let targets = try await acquire(areas) { [self] in
            // While it was held the grid may have been taken off the stage and brought back.
            if await placed.placement != placementOfTargets { try await writeTargets(of: lamellae) }
            // And anybody may have changed Low Dose.
            try await checkGeometry(before: [])
        }
        let missing = targets.filter { !$0.isAcquired }
        if !missing.isEmpty {
            engine.note(.warning("\(missing.count) of \(targets.count) targets were not acquired to the end; see \(folder.grid)_acquisition.json"))
        }
        // Only a grid's report tells the session what people may take back.
        for area in areas where skipped[area.lamella] == nil {
            guard let decision = targets.first(where: { $0.area == area.name })?.decision, decision.bySkip ?? false else { continue }
            leaveOut(area.lamella, because: decision.reason ?? "")
        }
        try await tellLateSkips(of: areas)
        try writeRecord(targets)
        return targets
    }

    /// SerialEM's own parallel tilt series need a file and parameters for each item, which its dialogs alone ask for.
    private func leaveToPeople(_ lamellae: [AnalysedLamella]) async throws -> [AcquiredTarget] {
        let areas = planned(lamellae).count
        engine.note(
            .warning(
                "nothing is acquired on grid \(folder.grid), because acquisition is 'serialem' and TomoPilot does not start SerialEM's parallel tilt series: "
                    + "\(areas) area\(areas == 1 ? " is" : "s are") in the navigator; select each item whose note ends with '\(ParallelSeriesWriter.noteEnding)', tick 'Tilt series', "
                    + "give the file and the parameters, and start Acquire at Items there"))
        for lamella in lamellae {
            for path in try await editedTargetsFiles(of: lamella.map.number) {
                engine.note(.warning("\(path) was changed by hand, which the navigator's item does not know; change the points file of the area instead"))
            }
        }
        return try await acquiredEarlier(lamellae)
    }

    /// SerialEM cannot be kept from a part of what it acquires.
    private func tellLateSkips(of areas: [PlannedArea]) async throws {
        for number in Set(areas.map(\.lamella)).sorted() where skipped[number] == nil {
            let checkpoint = Checkpoint.lamella(slot: slot, number: number, before: .acquisition)
            guard case .skip(let reason) = await context.gate.supervisor.verdict(at: checkpoint) else { continue }
            engine.note(.warning("\(checkpoint.subject) was to be skipped (\(reason)), which came too late: it is acquired"))
            comesTooLate(number, reason)
        }
    }

    /// Acquires what was not begun, then settles what was cut short, until nothing is left that may be exposed.
    private func acquire(_ areas: [PlannedArea], prepared: () async throws -> Void) async throws -> [AcquiredTarget] {
        let step = acquisition(of: areas)
        var isFirst = true
        while true {
            if try await isOpen(step.id) {
                if !isFirst, try await pass(.acquisition(slot: slot)) != nil { return try await standing(areas).flatMap(\.acquired) }
                try await leaveOutSkipped(areas)
                // SerialEM may have finished them while nobody watched.
                for area in try await standing(areas) where area.state == .whole { try await note(area) }
                if try await !standing(areas).contains(where: { $0.state == .untouched }) { try await settle(areas) }
                let now = try await standing(areas)
                // What is left out of this run alone stays open.
                guard now.allSatisfy(\.isClosed) || now.contains(where: { $0.state == .untouched }) else { return now.flatMap(\.acquired) }
            }
            // PACEtomo leaves files open, and a SerialEM that was started again knows neither folder nor navigator.
            if !isFirst { try await bare.enter(folder: folder.path, navigatorFile: folder.navigator) }
            isFirst = false
            try await prepared()
            let before = try await standing(areas).filter { $0.state == .untouched }.count
            do {
                return try await engine.run(step)
            } catch let error as WorkflowError where error.code == .cutAcquisition {
                let now = try await standing(areas)
                // PACEtomo does not take an item that it did not begin.
                guard now.count(where: { $0.state == .untouched }) < before, now.contains(where: { $0.state == .cut }) else { throw error }
                try await leaveOutSkipped(areas)
                // SerialEM is at rest: whoever stopped it is asked before anything else is exposed.
                try await settle(areas)
            }
        }
    }

    /// Whether the acquisition was begun and has no outcome yet.
    private func isOpen(_ step: StepIdentifier) async throws -> Bool {
        guard try await engine.wasBegun(step) else { return false }
        return try await engine.lastOutput(of: step, as: [AcquiredTarget].self) == nil
    }

    /// Acquire at Items over the areas that were not begun.
    private func acquireUntouched(_ areas: [PlannedArea], script: Int) async throws -> [AcquiredTarget] {
        let wanted = try await standing(areas).filter { $0.state == .untouched }
        if !wanted.isEmpty {
            for area in wanted.map(\.planned) { try await engine.intend(part: area.step, input: area.area) }
            try await mark(areas, wanted: Set(wanted.map(\.planned.name)))
            try await noteExposureTimes()
            let times = try await engine.lastOutput(of: .grid(slot, "exposure-times"), as: [String: Double].self)
            let time = AcquisitionTime(wanted.map { ($0.planned.targets, $0.run.plannedTilts) }, exposure: times?["R"])
            engine.note(.expected(.grid(slot, "acquisition"), within: time.longest, basis: time.basis))
            try await microscope.startAcquisition(script: script)
            try await awaitEnd(of: areas)
        }
        let now = try await standing(areas)
        for area in now where area.state == .whole { try await note(area) }
        guard now.allSatisfy(\.isClosed) else { throw try cut(now) }
        return now.flatMap(\.acquired)
    }

    private func awaitEnd(of areas: [PlannedArea]) async throws {
        let watch = AcquisitionWatch(areas.map(\.area), of: folder, hours: settings.acquisitionHours)
        let end = try await microscope.awaitControl(within: watch.limit) { [self] waited, sign in
            watch.look(sign, after: waited).forEach(engine.note)
        }
        guard end != .restarted else {
            throw MicroscopeError(
                .lost, "SerialEM ended while Acquire at Items ran, and was started again. What is finished is read from PACEtomo's files.")
        }
        guard end == .finished else {
            throw WorkflowError.incomplete("Acquire at Items is paused in SerialEM; resume or end it there, then run again.")
        }
        engine.note(watch.progress)
    }

    /// SerialEM at rest may have been stopped by somebody, or have given up an item.
    private func cut(_ areas: [AreaStanding]) throws -> WorkflowError {
        let notBegun = areas.filter { $0.state == .untouched }.map(\.planned.name)
        let cut = areas.filter { $0.state == .cut }
        try writeRecord(areas.flatMap(\.acquired))
        let parts =
            cut.map { "\($0.planned.name) was cut short (\($0.acquired.tiltWords))" }
            + (notBegun.isEmpty ? [] : ["\(notBegun.joined(separator: ", ")) \(notBegun.count == 1 ? "was" : "were") not begun"])
        return .cutAcquisition(
            "Acquire at Items ended on grid \(folder.grid) before all targets were done: "
                + "\(parts.joined(separator: ", and ")); \(folder.grid)_acquisition.json has the rest.")
    }

    /// Marks exactly the areas that are wanted: the Navigator of a SerialEM that ended comes back as it was saved last,
    /// with the marks that Acquire at Items had taken off since.
    private func mark(_ areas: [PlannedArea], wanted: Set<String>) async throws {
        let marks = Dictionary(areas.map { (AreaNames(area: $0.name).targetsFile, wanted.contains($0.name)) }) { $0 || $1 }
        let isWrong = { @Sendable (item: NavigatorItem) in marks[item.note].map { $0 != item.acquire } ?? false }
        guard try await microscope.navigator().items.contains(where: isWrong) else { return }
        _ = try await microscope.editNavigator { file in
            for index in file.items.indices where isWrong(file.items[index]) { file.items[index].acquire.toggle() }
        }
    }

    /// The lamellae that go on to targets. Before an acquisition, those that are skipped lose their marks in the navigator;
    /// once it has begun, it is PACEtomo's.
    func withoutSkipped(_ lamellae: [AnalysedLamella]) async throws -> [AnalysedLamella] {
        guard settings.automationLevel >= 4, try await !engine.wasBegun(.grid(slot, "acquisition")) else { return lamellae }
        var kept: [AnalysedLamella] = []
        for lamella in lamellae {
            if try await mayGoOn(lamella.map.number, before: .acquisition) { kept.append(lamella) }
        }
        try await unmark(Array(skipped.keys))
        return kept
    }

    /// Takes away the marks for acquisition that an earlier run gave to lamellae.
    func unmark(_ numbers: [Int]) async throws {
        let prefixes = numbers.map { folder.lamella($0) + "_" }
        let isMarked = { @Sendable (item: NavigatorItem) in
            item.acquire && item.note.hasSuffix("_tgts.txt") && prefixes.contains(where: item.note.hasPrefix)
        }
        guard !numbers.isEmpty, try await microscope.navigator().items.contains(where: isMarked) else { return }
        _ = try await microscope.editNavigator { file in
            for index in file.items.indices where isMarked(file.items[index]) { file.items[index].acquire = false }
        }
    }

    /// What an earlier session acquired of these targets, when this one does not go so far.
    func acquiredEarlier(_ lamellae: [AnalysedLamella]) async throws -> [AcquiredTarget] {
        let input = AcquisitionWatch.Input(areas: planned(lamellae).map(\.area), script: settings.scriptNumbers[2])
        return try await engine.output(
            of: .grid(slot, "acquisition"), inputDigest: inputDigest(of: input), as: [AcquiredTarget].self) ?? []
    }
}
