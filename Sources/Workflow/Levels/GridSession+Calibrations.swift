import Microscope

/// The Low Dose areas of a grid that is taken up again, held against those that its maps and targets were made with.
extension GridSession {
    private nonisolated var told: StepIdentifier { .grid(slot, "low-dose-geometry-told") }
    private nonisolated var accepted: StepIdentifier { .grid(slot, "low-dose-geometry-accepted") }

    func noteGeometryOfNow() { geometryIsOfNow = true }

    /// How often a person has let the session go on with areas that had changed; nil for never.
    func acceptedGeometries() async throws -> Int? { try await engine.lastOutput(of: accepted, as: Int.self) }

    /// Looks whether View and Record are as they were, if there is anything left to take with them. The microscope is set to
    /// them for it; no image is taken.
    ///
    /// - Throws: ``WorkflowError`` with the code `changedCalibrations` the first time that a large change is seen.
    func checkGeometry(before lamellae: [RecentredLamella]) async throws {
        guard !geometryIsOfNow, let known = try await engine.lastOutput(of: .grid(slot, "low-dose-geometry"), as: LowDoseGeometry.self),
            try await isMoreToTake(of: lamellae)
        else { return }
        try await use(mediumSetup)
        let now = try await microscope.lowDoseGeometry()
        noteGeometryOfNow()
        let changes = now.changes(since: known)
        for change in changes where !change.isLarge { engine.note(.note("\(change.words), which is within the tolerance")) }
        let large = changes.filter(\.isLarge)
        guard !large.isEmpty else { return }
        let sentence = large.map(\.words).joined(separator: "; ")
        if let before = try await engine.lastOutput(of: told, as: LowDoseGeometry.self), now.changes(since: before).allSatisfy({ !$0.isLarge }) {
            engine.note(.warning("\(sentence); the session was run again and goes on with it as it is now: targets are chosen anew for it"))
            let count = try await (acceptedGeometries() ?? 0) + 1
            _ = try await engine.run(Step(accepted, title: "Note the Low Dose areas", input: count) { count })
            return
        }
        _ = try await engine.run(Step(told, title: "Note the Low Dose areas", input: now) { now })
        throw WorkflowError.changedCalibrations(sentence, reliedOnBy: "the lamella maps and targets of \(folder.grid)")
    }

    private func isMoreToTake(of lamellae: [RecentredLamella]) async throws -> Bool {
        if settings.automationLevel >= 5, try await engine.lastOutput(of: .grid(slot, "acquisition"), as: [AcquiredTarget].self) == nil { return true }
        for lamella in lamellae where try await engine.lastOutput(of: .lamella(slot, lamella.number, "medium-map"), as: String.self) == nil { return true }
        return false
    }
}
