import Foundation
import ImageFiles

/// Gates at which people look at lamellae and targets, and what they changed is taken up.
extension GridSession {
    /// Waits until the lamellae are confirmed, if the settings ask for it; returns those that are processed then.
    func inspected(_ lamellae: [FoundLamella]) async throws -> Inspected<[FoundLamella]> {
        guard settings.inspection.waitsForLamellae, let picture = wholeGridPicture else { return .confirmed(lamellae) }
        // What people change themselves they have seen.
        let detected = try await engine.lastOutput(of: .grid(slot, "lamellae"), as: [FoundLamella].self) ?? []
        let leftOut = try await inspect(
            .lamellae, input: detected, picture: folder.inMaps(folder.grid + "_overview.png"), files: folder.wholeGridStem + "_boxes.json",
            marker: folder.wholeGridStem + "_inspected.txt", markersOfTools: []
        ) { [self] in _ = try readBoxes(on: picture) }
        if let leftOut { return .leftOut(leftOut) }
        return .confirmed(try await settledLamellae(on: picture))
    }

    /// Waits until the targets are confirmed, if the settings ask for it; returns the lamellae with the targets that are
    /// acquired then.
    func inspected(
        _ lamellae: [AnalysedLamella], of recentred: [RecentredLamella], found: [FoundLamella]
    ) async throws -> Inspected<[AnalysedLamella]> {
        // What PACEtomo works with is not asked about any more.
        guard settings.inspection.waitsForTargets, try await !engine.wasBegun(.grid(slot, "acquisition")) else { return .confirmed(lamellae) }
        // Without a map there is nothing to look at.
        guard !lamellae.isEmpty else { return .confirmed([]) }
        var lamellae = lamellae
        while true {
            let numbers = lamellae.map(\.map.number)
            let seen = try await chosenTargets(of: numbers)
            let maps = lamellae.map(\.map)
            let leftOut = try await inspect(
                .targets, input: seen, picture: folder.inMaps(folder.grid + "_overview.png"),
                files: "\(folder.maps)/\(folder.grid)_L<nn>_points<k>.json and _seg.png and in _L<nn>_tgts.txt",
                marker: folder.inMaps(folder.grid + "_inspected.txt"), markersOfTools: numbers.map { folder.mediumStem($0) + "_inspected.txt" }
            ) { [self] in
                for map in maps { try await checkEdits(of: map) }
            }
            if let leftOut {
                try await unmark(numbers)
                return .leftOut(leftOut)
            }
            lamellae = try await analysedAnew(lamellae, of: recentred)
            try await writeTargets(of: lamellae)
            try await drawOverview(found: found, recentred: recentred, analysed: lamellae)
            // Targets that the computer chose since are looked at too.
            if try await chosenTargets(of: numbers) == seen { return .confirmed(lamellae) }
        }
    }

    /// What the computer chose for each lamella; nil for one that is not finished.
    private func chosenTargets(of numbers: [Int]) async throws -> [TargetedLamella?] {
        var chosen: [TargetedLamella?] = []
        for number in numbers { chosen.append(try await engine.lastOutput(of: .lamella(slot, number, "targets"), as: TargetedLamella.self)) }
        return chosen
    }

    private func analysedAnew(_ lamellae: [AnalysedLamella], of recentred: [RecentredLamella]) async throws -> [AnalysedLamella] {
        let geometry = try await lowDoseGeometry()
        var again: [AnalysedLamella] = []
        for lamella in lamellae {
            guard let known = recentred.first(where: { $0.number == lamella.map.number }) else { continue }
            let result = try await sparing(lamella: "L\(twoDigits(known.number))") { [self] in
                try await analyse(known, map: lamella.map, geometry: geometry)
            }
            if let result { again.append(result) }
        }
        return again
    }

    /// Waits at a gate that was not passed before with the same input; returns why the rest of the grid is left out, if it is.
    private func inspect(
        _ subject: Inspection.Subject, input: some Encodable & Sendable, picture: String, files: String, marker: String,
        markersOfTools: [String], check: @escaping @Sendable () async throws -> Void
    ) async throws -> LeftOut? {
        let id = StepIdentifier.grid(slot, "\(subject.rawValue)-inspected")
        if try await engine.output(of: id, inputDigest: inputDigest(of: input), as: String.self) != nil { return nil }
        let limit = settings.inspection.limit
        let inspection = Inspection(
            subject: subject, slot: slot, grid: folder.grid, picture: picture, files: files, marker: marker,
            markersOfTools: markersOfTools, since: .now, until: .now + limit / .seconds(1), timeout: settings.inspection.timeout)
        // What was confirmed before was something else.
        if try await engine.wasBegun(id) { try inspection.unmark() }
        let watch = PeopleWatch(
            inspection, over: context.gate.supervisor, limit: limit, reminder: settings.inspection.reminder, check: check, report: engine.note)
        if !inspection.isMarked { engine.note(.inspecting(inspection)) }
        do {
            if let reason = try await pass(.inspection(slot: slot, of: subject), under: watch) {
                engine.note(.inspected(inspection, outcome: "the rest of the grid is left out"))
                return LeftOut(reason: reason, byPerson: !watch.isOver)
            }
        } catch {
            engine.note(.inspected(inspection, outcome: "the session ends before they are confirmed"))
            throw error
        }
        _ = try await engine.run(
            Step(id, title: "Inspect the \(subject.rawValue) of grid \(folder.grid)", input: input) { "passed at \(timestamp())" })
        engine.note(.inspected(inspection, outcome: "the session goes on"))
        return nil
    }
}
