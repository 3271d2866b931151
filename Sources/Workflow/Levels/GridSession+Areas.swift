import Foundation
import ImageFiles
import Targets

/// The areas of an acquisition one by one: which are whole, which were cut short, and what becomes of those.
extension GridSession {
    /// The most often that `uncertain_steps: repeat` has an area acquired anew; a person may have it done so oftener.
    private static let mostRepetitions = 3

    nonisolated func planned(_ lamellae: [AnalysedLamella]) -> [PlannedArea] {
        lamellae.flatMap { lamella in
            (lamella.targeted?.areas ?? []).map {
                PlannedArea($0, ofLamella: lamella.map.number, slot: slot, map: folder.lamella(lamella.map.number))
            }
        }
    }

    nonisolated func run(of area: TargetedLamella.Area) -> AreaRun { AreaRun(area: area.name, in: folder.path) }

    /// How far each area is now.
    nonisolated func standing(_ areas: [PlannedArea]) async throws -> [AreaStanding] {
        var all: [AreaStanding] = []
        for area in areas {
            let run = run(of: area.area)
            let decision = run.state == .finished ? nil : try await engine.lastOutput(of: area.step, as: AreaRecord.self)?.decision
            let state: AreaStanding.State =
                switch run.state {
                case .finished: .whole
                case _ where decision != nil: .decided
                case .unfinished: .cut
                case .notBegun: .untouched
                }
            all.append(AreaStanding(planned: area, state: state, run: run, acquired: run.acquired(area.area, in: folder.path, decision)))
        }
        return all
    }

    /// Says which tilt series are not what they were when their areas were done with.
    func tellChangedSeries(_ areas: [PlannedArea]) async throws {
        for area in areas where !areasCompared.contains(area.name) {
            areasCompared.insert(area.name)
            try await engine.tellChanges(of: area.step, title: area.title)
        }
    }

    /// Asks, or does what the settings say, about each area that was cut short and about which nothing is decided.
    func settle(_ areas: [PlannedArea]) async throws {
        for area in try await standing(areas) where area.state == .cut && areasOfLaterRuns[area.planned.name] == nil {
            do {
                try await settle(area)
            } catch let error as WorkflowError where error.code == .unanswered {
                leaveForLater(area, because: error.message)
            } catch let error as WorkflowError where error.code == .leftOut {
                // The whole lamella is left out meanwhile.
                try await leaveOutSkipped(areas)
                guard skipped[area.planned.lamella] == nil else { continue }
                leaveForLater(area, because: error.message)
            }
        }
    }

    private func settle(_ area: AreaStanding) async throws {
        let planned = area.planned
        let doubt = StepDoubt(
            step: planned.step, title: planned.title, reason: "\(area.acquired.tiltWords) exist", evidence: evidence(of: area), area: planned.name)
        let settlement = try await engine.settle(doubt, mayRepeat: area.run.timesSetAside < Self.mostRepetitions) { [self] in
            try await readable(planned)
        }
        switch settlement {
        case .happened(let now):
            guard now.state != .whole else { return try await note(now) }
            try await note(now, AreaDecision(fate: .taken, reason: nil))
        case .again: try setAsideSeries(of: planned.area)
        case .leftOut(let reason, isForGood: true): try await note(area, AreaDecision(fate: .leftOut, reason: reason))
        case .leftOut(let reason, isForGood: false): leaveForLater(area, because: reason)
        }
    }

    /// What lies on disk of an area of which a person says that it is all there is to acquire.
    private func readable(_ area: PlannedArea) async throws -> AreaStanding {
        guard let now = try await standing([area]).first, now.acquired.contains(where: { $0.images > 0 }) else {
            throw WorkflowError.refused("\(area.name) has no tilt series that can be read")
        }
        return now
    }

    /// Writes down that an area is done with.
    func note(_ area: AreaStanding, _ decision: AreaDecision? = nil) async throws {
        if let entry = try await engine.lastOutput(of: area.planned.step, as: AreaRecord.self), entry.decision == decision, decision == nil { return }
        let targets = area.run.acquired(area.planned.area, in: folder.path, decision)
        let record = AreaRecord(decision: decision, targets: targets)
        // The first and the last image of a series and the number of all tell it from another; to read all would take minutes.
        let series = targets.compactMap { StepProduct(stack: folder.inFolder($0.seriesFile), keeping: .ends) }
        try await engine.finish(part: area.planned.step, input: area.planned.area, output: record, products: series)
        if let decision { engine.note(.note("area \(area.planned.name) with \(targets.tiltWords) is \(decision.words)")) }
    }

    private func leaveForLater(_ area: AreaStanding, because reason: String) {
        let words = "\(area.planned.name) was cut short (\(area.acquired.tiltWords)) and is left out of this run: \(reason)"
        areasOfLaterRuns[area.planned.name] = reason
        leaveForLater(area.planned.lamella, because: words)
        engine.note(.warning(words))
    }

    /// People may leave a lamella out while another one is acquired: what is not whole of it is not acquired any more.
    func leaveOutSkipped(_ areas: [PlannedArea]) async throws {
        for area in try await standing(areas) where !area.isClosed {
            guard try await !mayGoOn(area.planned.lamella, before: .acquisition) else { continue }
            let lamella = area.planned.lamella
            try await note(area, AreaDecision(fate: .leftOut, reason: skipped[lamella], bySkip: dismissed.contains(lamella)))
        }
    }

    /// Opens again what was left out with a lamella that people have taken back since.
    func openTakenBack(_ areas: [PlannedArea], of acquisition: StepIdentifier, input: AcquisitionWatch.Input) async throws {
        let takenBack = try await standing(areas).filter { area in
            area.state == .decided && area.acquired.contains { $0.decision?.bySkip ?? false }
        }
        for area in takenBack where try await mayGoOn(area.planned.lamella, before: .acquisition) {
            engine.note(.note("area \(area.planned.name) was left out with its lamella, taken back since; it is open again"))
            try await engine.reopen(area.planned.step, input: area.planned.area)
            try await engine.reopen(acquisition, input: input)
        }
    }

    /// What files say of an area that was cut short.
    private nonisolated func evidence(of area: AreaStanding) -> [String] {
        let names = area.acquired.map(\.seriesFile)
        let planned = area.run.plannedTilts.map { " of \($0)" } ?? ""
        let series = zip(area.acquired, AreaRun.series(names, in: folder.path)).map { target, series in
            guard series.images > 0 || series.described != nil else { return "target \(target.target): there is no \(series.file)" }
            let tilts = series.tilts.map { String(format: " from %.0f to %.0f degrees", $0.lowerBound, $0.upperBound) } ?? ""
            let differing = series.described.flatMap { $0 == series.images ? nil : ", and its mdoc tells of \($0)" } ?? ""
            return "target \(target.target): \(series.file) has \(series.images)\(planned) tilts\(tilts)\(differing)"
        }
        let stands = area.run.position.map { ", which stands at tilt \($0.tilt) of target \($0.target)" } ?? ""
        let file = area.run.runFile.map { "the newest run file is \($0)\(stands)\(written(folder.inFolder($0)))" } ?? "there is no run file"
        return [file] + series + area.run.words + [
            "PACEtomo can go on at the next tilt, but asks at SerialEM's screen first: a person who runs its script on the item "
                + "\(AreaNames(area: area.planned.name).targetsFile) and lets it recover there answers happened afterwards"
        ]
    }

    private nonisolated func written(_ path: String) -> String {
        let date = (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
        return date.map { ", written last at \($0.forPeople)" } ?? ""
    }

    /// Keeps what an acquisition left that was cut short, where it is done again: PACEtomo would ask a person about its run file.
    private nonisolated func setAsideSeries(of area: TargetedLamella.Area) throws {
        let run = run(of: area)
        let stem = String(AreaNames(area: area.name).targetsFile.dropLast(4)) + "_run"
        let manager = FileManager.default
        // The series first: as long as one of them is there, the area is not taken for one that was not begun.
        for file in run.files(of: area) { try setAside(folder.inFolder(file)) }
        for file in try manager.contentsOfDirectory(atPath: folder.path)
        where file.hasPrefix(stem) && file.hasSuffix(".txt") && !file.contains("_old") {
            try manager.moveItem(atPath: folder.inFolder(file), toPath: folder.inFolder(unused(String(file.dropLast(4)), ".txt")))
        }
    }

    private nonisolated func unused(_ stem: String, _ suffix: String) -> String {
        var k = 1
        while FileManager.default.fileExists(atPath: folder.inFolder("\(stem)_old\(k)\(suffix)")) { k += 1 }
        return "\(stem)_old\(k)\(suffix)"
    }

    /// The file for people and other programs: what was acquired of each area and of each target.
    nonisolated func writeRecord(_ targets: [AcquiredTarget]) throws {
        let rows = targets.map { target -> JSONValue in
            var row: JSONObject = [
                "area": .string(target.area), "target": .integer(target.target), "tsfile": .string(target.seriesFile),
                "images": .integer(target.images), "acquired": .bool(target.isAcquired),
                "run_file": AreaRun(area: target.area, in: folder.path).runFile.map { .string($0) } ?? .null,
            ]
            if let planned = target.planned { row["planned_images"] = .integer(planned) }
            return .object(row)
        }
        let cut = targets.cutAreas.map { area, words -> JSONValue in
            let decision = targets.first { $0.area == area && $0.decision != nil }?.decision
            let outcome = decision.map { $0.fate == .taken ? "taken" : "left_out" } ?? "open"
            return .object([
                "area": .string(area), "state": .string(words), "outcome": .string(outcome), "reason": decision?.reason.map { .string($0) } ?? .null,
            ])
        }
        try JSONValue.object([
            "grid": .string(folder.grid), "datetime": .string(timestamp()), "targets": .array(rows), "cut_areas": .array(cut),
        ]).write(to: folder.inFolder(folder.grid + "_acquisition.json"))
    }
}
