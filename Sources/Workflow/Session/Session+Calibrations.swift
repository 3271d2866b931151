import Microscope

/// Calibrations are what places on maps mean: a session that is taken up again holds them against those that its maps were made with.
///
///     first time ─────► remember                    within the tolerances ─────► tell in the log, go on
///     beyond them ────► stop once, with what changed and what relied on it ────► the same again: go on as it is now
extension Session {
    private static var known: StepIdentifier { StepIdentifier("session/calibrations") }
    private static var told: StepIdentifier { StepIdentifier("session/calibrations-told") }

    /// - Throws: ``WorkflowError`` with the code `changedCalibrations` the first time that a large change is seen.
    func checkCalibrations(_ microscope: any Microscope) async throws {
        let now = try await microscope.calibrations(of: settings.requiredStates)
        guard let known = try await engine.lastOutput(of: Self.known, as: Calibrations.self) else { return try await remember(now, as: Self.known) }
        let changes = now.changes(since: known)
        let large = changes.filter(\.isLarge)
        for change in changes where !change.isLarge { report(.note("\(change.words), which is within the tolerance")) }
        let told = try await engine.lastOutput(of: Self.told, as: Calibrations.self)
        guard !large.isEmpty else {
            // What was told before is over.
            if let told, !told.changes(since: known).isEmpty { try await remember(known, as: Self.told) }
            if now.states.contains(where: { state in !known.states.contains { $0.key == state.key && $0.state == state.state } }) {
                try await remember(known.completed(by: now), as: Self.known)
            }
            return
        }
        let relying = try await whatRelies(on: large)
        let sentence = large.map(\.words).joined(separator: "; ")
        guard let first = relying.first else {
            report(.note("\(sentence); no map relies on it yet"))
            return try await remember(now.completed(by: known), as: Self.known)
        }
        let maps = ([first] + relying.dropFirst()).joined(separator: ", ")
        if let told, now.changes(since: told).allSatisfy({ !$0.isLarge }) {
            report(.warning("\(sentence); the session was run again and goes on with it as it is now, and \(maps) were made with what it was"))
            return try await remember(now.completed(by: known), as: Self.known)
        }
        try await remember(now, as: Self.told)
        throw WorkflowError.changedCalibrations(sentence, reliedOnBy: maps)
    }

    private func remember(_ calibrations: Calibrations, as step: StepIdentifier) async throws {
        _ = try await engine.run(Step(step, title: "Note the calibrations", input: calibrations) { calibrations })
    }

    /// What was made with states that have changed.
    private func whatRelies(on changes: [CalibrationChange]) async throws -> [String] {
        let keys = Set(changes.compactMap(\.key))
        let concernsAll = changes.contains { $0.key == nil }
        var relying: [String] = []
        for slot in settings.gridList {
            let name = try await engine.lastOutput(of: .grid(slot, "name"), as: String.self) ?? "grid \(slot)"
            if concernsAll || keys.contains("WG_image_state"), try await engine.wasBegun(.grid(slot, "whole-grid-map")) { relying.append("the grid map of \(name)") }
            let found = try await engine.lastOutput(of: .grid(slot, "lamellae"), as: [FoundLamella].self) ?? []
            func count(_ step: String) async throws -> Int {
                var count = 0
                for lamella in found where try await engine.wasBegun(.lamella(slot, lamella.number, step)) { count += 1 }
                return count
            }
            if concernsAll || keys.contains("IM_image_state"), case let images = try await count("recentred"), images > 0 {
                relying.append("\(images) intermediate image\(images == 1 ? "" : "s") of \(name)")
            }
            if concernsAll || keys.contains("MM_image_state"), case let maps = try await count("medium-map"), maps > 0 {
                relying.append("\(maps) lamella map\(maps == 1 ? "" : "s") of \(name)")
            }
        }
        return relying
    }
}
