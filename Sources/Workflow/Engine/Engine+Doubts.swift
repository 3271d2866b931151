import Foundation

/// Steps, and parts of steps, of which nobody can tell what became of them.
extension Engine {
    /// What is decided of one.
    enum Settlement<Output: Sendable>: Sendable {
        /// It is taken as done; this is what came out.
        case happened(Output)
        /// It is done again.
        case again
        /// It is not done, and why. What is left out for good is what a person left out; the rest is tried again by the next run.
        case leftOut(String, isForGood: Bool)
    }

    /// Names it as not provable in the journal and does what the settings or a person say.
    ///
    /// - Parameters:
    ///   - mayRepeat: whether the settings alone may have it done again; a person always may.
    ///   - read: what came out, where a person says that it happened; throws where that cannot be read, and it is asked again.
    func settle<Output: Sendable>(
        _ doubt: StepDoubt, mayRepeat: Bool = true, read: @Sendable () async throws -> Output
    ) async throws -> Settlement<Output> {
        try await journal.doubt(doubt.step, reason: doubt.reason, decision: uncertainSteps)
        switch uncertainSteps {
        case .repeat where mayRepeat:
            note(.warning("\(doubt.title) is done again, as uncertain_steps says: \(doubt.reason)"))
            return .again
        case .repeat: return .leftOut("\(doubt.reason); uncertain_steps allows no further repetition", isForGood: false)
        case .skip: return .leftOut("\(doubt.reason); uncertain_steps leaves it out", isForGood: false)
        case .stop: break
        }
        guard let ask else { throw WorkflowError.uncertain(step: doubt.step, reason: doubt.reason, mayBeSkipped: false) }
        var doubt = doubt
        while true {
            let given = try await ask(doubt)
            switch given.answer {
            case .skip: return .leftOut(given.reason ?? doubt.reason, isForGood: true)
            case .repeat:
                note(.warning("\(doubt.title) is done again, as a person allowed: \(doubt.reason)"))
                return .again
            case .happened:
                do {
                    return .happened(try await read())
                } catch where Self.recovery(from: error) == .skipLamella {
                    doubt.refusals += 1
                    doubt.refusal = "'\(doubt.title)' cannot be taken as done: \(sentence(error).trimmingSuffix("."))."
                    try await journal.closeAnswers(to: doubt.step)
                }
            }
        }
    }

    /// Writes down that a part of a step is about to be done.
    func intend(part: StepIdentifier, input: some Encodable) async throws {
        try await journal.intend(part, input: StepInput(of: input))
    }

    /// Whether a part of a step was begun, and nothing has come of it yet.
    func isBegun(part: StepIdentifier) async throws -> Bool { try await journal.entry(for: part)?.state == .intended }

    /// Writes down what came of a part of a step, and the files that it left.
    func finish(part: StepIdentifier, input: some Encodable, output: some Encodable, products: [StepProduct]) async throws {
        let input = try StepInput(of: input)
        if try await journal.entry(for: part) == nil { try await journal.intend(part, input: input) }
        try await journal.finish(part, input: input, output: JSONEncoder().encode(output), products: products)
    }
}
