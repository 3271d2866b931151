/// Runs of a session that were cut, as by a crash, and the one that goes on in their place: together they go once through the grids.
extension Session {
    private static let attemptStep = StepIdentifier("session/attempt")
    private static func passedStep(_ slot: Int) -> StepIdentifier { .grid(slot, "passed") }

    private struct Passed: Codable, Sendable {
        let attempt: Int
        let report: GridReport
    }

    /// The number of this way through the grids.
    func beginAttempt(goingOn: Bool) async throws -> Int {
        let last = try await engine.lastOutput(of: Self.attemptStep, as: Int.self)
        if goingOn, let last { return last }
        let number = (last ?? 0) + 1
        try await engine.finish(part: Self.attemptStep, input: number, output: number, products: [])
        return number
    }

    /// Grids that were gone through already and not finished.
    func gridsPassed(in attempt: Int) async throws -> [Int: GridReport] {
        var passed: [Int: GridReport] = [:]
        for slot in settings.gridList {
            guard let known = try await engine.lastOutput(of: Self.passedStep(slot), as: Passed.self), known.attempt == attempt, try await isPassedBy(slot) else { continue }
            passed[slot] = known.report
        }
        return passed
    }

    func notePassed(_ report: GridReport, in attempt: Int) async throws {
        try await engine.finish(part: Self.passedStep(report.slot), input: attempt, output: Passed(attempt: attempt, report: report), products: [])
    }

    /// Whether a grid that was gone through is not finished; one that is, is looked up in the journal, with what people changed since.
    func isPassedBy(_ slot: Int) async throws -> Bool {
        let settings = settings.of(grid: slot)
        for level in stride(from: 5, through: settings.automationLevel, by: -1) {
            let digest = try inputDigest(of: settings.ofTheSample.withLevel(level))
            if try await engine.output(of: Self.finished(slot, level: level), inputDigest: digest, as: GridReport.self) != nil { return false }
        }
        return true
    }
}
