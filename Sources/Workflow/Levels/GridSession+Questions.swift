import Foundation
import Locks

/// Steps that cannot be settled: people are asked, with the evidence, and the session waits for them with the microscope safe.
extension GridSession {
    /// What a person says of a step; an answer that the journal or the file has already is taken at once.
    ///
    /// - Throws: ``WorkflowError`` with the code `leftOut` where the lamella or grid is left out by a person meanwhile, and
    ///   `unanswered` where nobody comes in time.
    func ask(_ doubt: StepDoubt) async throws -> GivenAnswer {
        let limit = settings.inspection.limit
        let number = doubt.step.lamella
        let question = StepQuestion(
            step: doubt.step, title: doubt.title, slot: slot, grid: folder.grid, reason: doubt.reason, evidence: doubt.evidence,
            marker: folder.inFolder("\(number.map(folder.lamella) ?? folder.grid)_\(doubt.step.kind)_answer.txt"), since: .now,
            until: .now + limit / .seconds(1), refusal: doubt.refusal, refusals: doubt.refusals, area: doubt.area)
        if let known = try await engine.openAnswer(to: doubt.step) {
            try question.unmark()
            return known
        }
        let accepted = Locked<GivenAnswer?>(nil)
        let watch = PeopleWatch(
            question, over: context.gate.supervisor, limit: limit, reminder: settings.inspection.reminder,
            check: {
                let given = try question.given()
                accepted.withLock { $0 = given }
            }, report: engine.note)
        if !question.isMarked { engine.note(.asking(question)) }
        let reason: String?
        do {
            reason = try await pass(.question(doubt.step), under: watch)
        } catch {
            engine.note(.answered(question, outcome: "the session ends before anybody has answered"))
            throw error
        }
        if let reason {
            engine.note(.answered(question, outcome: "left out: \(reason)"))
            guard !watch.isOver else { throw WorkflowError.unanswered(reason) }
            throw leftOut(number, because: reason)
        }
        guard let given = accepted.withLock({ $0 }) else { throw WorkflowError.unanswered(question.pending) }
        // One area of a lamella is no reason to leave the others out.
        let skip = given.answer == .skip && doubt.area == nil ? Skip(grid: slot, lamella: number, reason: given.reason ?? "a person left it out: \(doubt.reason)") : nil
        try await engine.remember(given, to: doubt.step, about: doubt.reason, skip: skip)
        try question.unmark()
        engine.note(.answered(question, outcome: "a person says '\(given.answer.rawValue)': \(question.consequence(of: given.answer))"))
        if let skip { throw leftOut(number, because: skip.reason) }
        return given
    }

    private func leftOut(_ number: Int?, because reason: String) -> WorkflowError {
        if let number { leaveOut(number, because: reason) }
        return .leftOut(reason)
    }
}
