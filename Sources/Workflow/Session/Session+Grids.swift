import Foundation
import ImageFiles
import Microscope

/// The grids of a session, one after the other: each goes through its levels, and one that fails does what its policy says.
extension Session {
    /// Does a grid as far as its level goes, or says why it is left out.
    ///
    /// - Throws: what concerns the session as a whole, and what fails a grid where the policy is to stop.
    func runGrid(_ slot: Int, in context: SessionContext) async throws -> GridReport {
        let policy = settings.failurePolicy(ofGrid: slot)
        var isRetried = false
        while true {
            var leftOut: [String: String] = [:]
            do {
                return try await tryGrid(slot, in: self.context(of: slot, in: context), leftOut: &leftOut)
            } catch {
                if let error = error as? WorkflowError, error.code == .leftOut, !Task.isCancelled {
                    return try await reached(slot, name: name(ofGrid: slot)).skipped(because: error.message)
                }
                guard !Task.isCancelled, let reach = GridFailure.reach(of: error), reach == .gridAlways || policy != .stop else { throw error }
                guard policy == .retry, !isRetried, reach == .grid else { return try await leaveOut(slot, because: sentence(error), afterRetry: isRetried, without: leftOut) }
                isRetried = true
                report(.warning("grid \(slot) failed and is tried once more, from its last finished step: \(sentence(error))"))
            }
        }
    }

    private func leaveOut(_ slot: Int, because reason: String, afterRetry: Bool, without leftOut: [String: String]) async throws -> GridReport {
        let name = try await name(ofGrid: slot)
        let isLast = settings.gridList.last == slot
        report(
            .gridFailed(
                slot: slot, name: name, reason: reason,
                next: (isLast ? "It was the last one" : "The session goes on with the next grid") + "; \(supervisor.resumption) tries this one again."))
        return try await reached(slot, name: name, leftOut: leftOut).failed(because: reason + (afterRetry ? " (tried twice)" : ""))
    }

    /// What the journal says of a grid that was not done to its end.
    ///
    /// - Parameter leftOut: why errors left out lamellae of it, by their names.
    private func reached(_ slot: Int, name: String, leftOut: [String: String] = [:]) async throws -> GridReport {
        let found = try await engine.lastOutput(of: .grid(slot, "lamellae"), as: [FoundLamella].self) ?? []
        var recentred: [RecentredLamella] = []
        var analysed: [GridSession.AnalysedLamella] = []
        for number in found.map(\.number) {
            func output<T: Decodable>(_ step: String, _ type: T.Type) async throws -> T? {
                try await engine.lastOutput(of: .lamella(slot, number, step), as: type)
            }
            if let again = try await output("recentred", RecentredLamella.self) { recentred.append(again) }
            guard let map = try await output("centre", LamellaMap.self) else { continue }
            analysed.append(
                GridSession.AnalysedLamella(
                    map: map, segmented: try await output("segmentation", SegmentedLamella.self),
                    targeted: try await output("targets", TargetedLamella.self)))
        }
        return GridReport(slot: slot, name: name, found: found, recentred: recentred, analysed: analysed, acquired: try await acquiredSoFar(slot, name: name), leftOut: leftOut)
    }

    /// What the journal says of an acquisition that has ended, and PACEtomo's files of one that has not.
    private func acquiredSoFar(_ slot: Int, name: String) async throws -> [AcquiredTarget] {
        let step = StepIdentifier.grid(slot, "acquisition")
        if let ended = try await engine.lastOutput(of: step, as: [AcquiredTarget].self) { return ended }
        guard let begun = try await engine.journal.entry(for: step), let input = AcquisitionWatch.input(of: begun) else { return [] }
        let folder = GridFolder(session: settings.sessionFolder, grid: name)
        var acquired: [AcquiredTarget] = []
        for area in input.areas {
            let run = AreaRun(area: area.name, in: folder.path)
            let number = PlannedArea.lamella(ofArea: area.name)
            let part = number.map { PlannedArea(area, ofLamella: $0, slot: slot, map: folder.lamella($0)).step }
            let record = if let part { try await engine.lastOutput(of: part, as: AreaRecord.self) } else { AreaRecord?.none }
            acquired += run.acquired(area, in: folder.path, run.state == .finished ? nil : record?.decision)
        }
        return acquired
    }

    /// The grids that were begun and are not among those that were gone through, as far as they came.
    func unfinished(besides known: [Int]) async throws -> [GridReport] {
        var reports: [GridReport] = []
        for slot in settings.gridList where !known.contains(slot) {
            guard try await engine.wasBegun(.grid(slot, "name")) else { continue }
            reports.append(try await reached(slot, name: name(ofGrid: slot)).cutShort())
        }
        return reports
    }

    private func name(ofGrid slot: Int) async throws -> String {
        try await engine.lastOutput(of: .grid(slot, "name"), as: String.self) ?? "grid \(slot)"
    }

    /// - Parameter leftOut: gets why errors left out lamellae, where the grid fails.
    private func tryGrid(_ slot: Int, in context: SessionContext, leftOut lost: inout [String: String]) async throws -> GridReport {
        if let old = try await finishedReport(slot, in: context) {
            report(.skipped(old.step, title: "Grid \(old.report.name)"))
            return old.report
        }
        if let reason = try await context.gate.pass(.grid(slot: slot)).skipped {
            return try await reached(slot, name: name(ofGrid: slot)).skipped(because: reason)
        }
        _ = try await identified(slot, microscope: context.microscope)
        let name = try await gridName(slot, microscope: context.microscope)
        report(.gridStarted(slot: slot, name: name))
        let folder = GridFolder(session: settings.sessionFolder, grid: name)
        try Folder.make(folder.maps)
        for path in [settings.sessionFolder, folder.path, folder.maps] { WholeFile.removeLeftovers(in: path) }
        var (grid, result) = try await runLevels(ofGrid: slot, name: name, folder: folder, in: context, leftOut: &lost)
        // A lamella that was taken back before the acquisition is acquired with the others.
        while result == nil { (grid, result) = try await runLevels(ofGrid: slot, name: name, folder: folder, in: context, leftOut: &lost) }
        guard let result else { throw WorkflowError.incomplete("Grid \(name) has no report.") }
        guard result.skipped == nil else { return result }
        if case .skip(let reason) = await supervisor.verdict(at: .grid(slot: slot)) {
            // What was left out of it stays to be done by another run.
            return result.skipped(because: reason)
        }
        let leftOut = await grid.leftOut.keys.sorted()
        guard leftOut.isEmpty else {
            // The level is not finished: the next run tries these again.
            report(
                .warning(
                    "\(leftOut.joined(separator: ", ")) of grid \(name) left out by errors (see above); \(supervisor.resumption) tries again"))
            return result.lacking("\(leftOut.joined(separator: ", ")) left out by errors")
        }
        let own = settings.of(grid: slot)
        let finished = Self.finished(slot, level: own.automationLevel)
        return try await context.engine.run(
            Step(finished, title: "Finish grid \(name)", input: own.ofTheSample, products: { _ in folder.editable }, whenEdited: .doneAgain) { result })
    }

    private static func list(_ lamellae: [Int]) -> String {
        lamellae.isEmpty ? "no lamellae" : "the lamellae \(lamellae.map(String.init).joined(separator: ", "))"
    }

    /// How many lamellae a grid is taken to have until it is known.
    private static let usualLamellae = 10.0

    /// Lamellae are broken now and then; where most of a grid's are not found, something else is wrong.
    private static func lost(_ lamellae: [RecentredLamella]) -> String? {
        let absent = lamellae.count { $0.outcome == .absent }
        return absent > 1 && 2 * absent > lamellae.count ? "\(absent) of \(lamellae.count) lamellae not found at intermediate magnification" : nil
    }

    private static func workPerLamella(_ level: Int) -> Double {
        guard level >= 2 else { return 0 }
        return Work.recentring + Work.mediumMap + (level >= 3 ? Work.segmentation : 1) + (level >= 4 ? Work.targets : 0)
    }

    private func runLevels(
        ofGrid slot: Int, name: String, folder: GridFolder, in context: SessionContext, leftOut: inout [String: String]
    ) async throws -> (GridSession, GridReport?) {
        let grid = GridSession(context: context, slot: slot, folder: folder) { way in
            try await bringToStage(slot, way, microscope: context.microscope)
        }
        do {
            try await grid.prepare()
            return (grid, try await runLevels(of: grid, name: name, slot: slot))
        } catch {
            leftOut = await grid.leftOut
            throw error
        }
    }

    /// What was reached; nil where a lamella that had been passed by was taken back before the acquisition.
    private func runLevels(of grid: GridSession, name: String, slot: Int) async throws -> GridReport? {
        let level = grid.settings.automationLevel
        let progress = grid.context.progress
        let number = (settings.gridList.firstIndex(of: slot) ?? 0) + 1
        let count = settings.gridList.count
        let work = Self.workPerLamella(level)
        await progress.begin(
            count > 1 ? "\(name) (grid \(number) of \(count))" : name, total: Work.wholeGrid + Self.usualLamellae * work)
        if let reason = try await grid.pass(.map(slot: slot)) { return GridReport(slot: slot, name: name, skipped: reason) }
        let detected = try await grid.findLamellae()
        guard level >= 2 else { return GridReport(slot: slot, name: name, found: detected, realigned: await grid.realigned) }
        // Before the gate, at which people say what is to be left out, and after it, for they may add some.
        report(.lamellaeKnown(slot: slot, numbers: detected.map(\.number)))
        let found: [FoundLamella]
        switch try await grid.inspected(detected) {
        case .confirmed(let lamellae): found = lamellae
        case .leftOut(let leftOut): return GridReport(slot: slot, name: name, found: detected, realigned: await grid.realigned).without(leftOut)
        }
        report(.lamellaeKnown(slot: slot, numbers: found.map(\.number)))
        for skip in supervisor.skips where skip.grid == slot {
            guard let number = skip.lamella, !(detected + found).contains(where: { $0.number == number }) else { continue }
            report(.warning("\(skip.part) is to be skipped (\(skip.reason)), and there is none; grid \(name) has \(Self.list(found.map(\.number)))"))
        }
        await progress.plan((Double(found.count) - Self.usualLamellae) * work)
        try await grid.bringBackTargetsFiles(of: inForce(found.map(\.number), slot))
        let recentred = try await grid.recentre(found)
        try await grid.drawOverview(found: found, recentred: recentred)
        try await grid.requireSuccess(at: .recentring)
        let mapped = try await grid.mapAndAnalyse(recentred)
        try await grid.requireSuccess(at: .mapping)
        var analysed = try await grid.withoutSkipped(mapped)
        try await grid.setAsideTargetsFilesOfSkipped()
        try await grid.drawOverview(found: found, recentred: recentred, analysed: analysed)
        if level >= 4 {
            try await grid.writeTargets(of: analysed)
            // People who look at the targets see what their lamellae have got.
            _ = try await grid.writeDoses(of: found.map(\.number))
            switch try await grid.inspected(analysed, of: recentred, found: found) {
            case .confirmed(let lamellae): analysed = lamellae
            case .leftOut(let leftOut):
                let reached = GridReport(
                    slot: slot, name: name, found: found, recentred: recentred, analysed: analysed, skipped: await grid.skipped, dismissed: await grid.dismissed, leftOut: await grid.leftOut,
                    realigned: await grid.realigned)
                return reached.without(leftOut)
            }
            analysed = try await grid.withTargetsFilesByHand(analysed)
        }
        var isAcquired = level >= 5
        if level >= 4, try await !engine.wasBegun(.grid(slot, "acquisition")) {
            // Whoever confirmed the targets, or pauses before they are acquired, may have changed their mind about lamellae.
            if isAcquired {
                isAcquired = try await grid.pass(.acquisition(slot: slot)) == nil
                if isAcquired, try await !inForce(Array(grid.dismissed), slot).isEmpty { return nil }
            }
            let before = analysed.count
            analysed = try await grid.withoutSkipped(analysed)
            try await grid.setAsideTargetsFilesOfSkipped()
            if analysed.count != before { try await grid.drawOverview(found: found, recentred: recentred, analysed: analysed) }
        }
        _ = try await grid.writeDoses(of: found.map(\.number))
        let acquired = try await isAcquired ? grid.acquire(analysed) : grid.acquiredEarlier(analysed)
        let doses = try await grid.writeDoses(of: found.map(\.number))
        if level >= 5 { try await grid.drawOverviews(of: analysed, found: found, recentred: recentred, acquired: acquired) }
        let all = await (found + grid.removed).sorted { $0.number < $1.number }
        // What people leave out, or take as it is, is not missing.
        let cut = level >= 5 ? acquired.filter { !$0.isAcquired && $0.decision == nil } : []
        let words = cut.cutAreas.map(\.words).joined(separator: ", ")
        return GridReport(
            slot: slot, name: name, found: all, recentred: recentred, analysed: analysed, acquired: acquired,
            skipped: await grid.skipped, dismissed: await grid.dismissed, skippedTooLate: await grid.skippedTooLate, leftOut: await grid.leftOut, doses: doses,
            realigned: await grid.realigned
        ).lacking(Self.lost(recentred)).lacking(await grid.sparedWords).lacking(cut.isEmpty ? nil : "\(cut.count) of \(acquired.count) tilt series not acquired to the end\(words.isEmpty ? "" : " (\(words))")")
    }
}
