import Foundation

/// Does steps: skips what is done, asks about what was begun, journals intent and outcome.
///
///     no entry ─────────────► intend ─► perform ─► finish
///     done, same input ─────► skip
///     done, other input ────► intend ─► perform ─► finish      (only for steps that do not expose)
///     intended, exposing ───► investigate ─► finish | perform | do the rest | ask a person, or the policy
///     intended, otherwise ──► perform ─► finish
public struct Engine: Sendable {
    let journal: any Journal
    let uncertainSteps: UncertainSteps
    private let plan: SessionPlan?
    private let report: @Sendable (RunEvent) -> Void
    private(set) var ask: (@Sendable (StepDoubt) async throws -> GivenAnswer)?

    /// An engine that writes to a journal and reports what happens.
    ///
    /// - Parameter plan: what it may do; nil anything.
    public init(
        journal: any Journal, uncertainSteps: UncertainSteps = .stop, plan: SessionPlan? = nil, report: @escaping @Sendable (RunEvent) -> Void
    ) {
        self.journal = journal
        self.uncertainSteps = uncertainSteps
        self.plan = plan
        self.report = report
    }

    /// The same engine with somebody who asks people about steps that cannot be settled; without, these end the session.
    func asking(_ ask: @escaping @Sendable (StepDoubt) async throws -> GivenAnswer) -> Self {
        var engine = self
        engine.ask = ask
        return engine
    }

    /// What a person said of a step, where nothing has come of it yet.
    func openAnswer(to step: StepIdentifier) async throws -> GivenAnswer? { try await journal.openAnswer(to: step) }

    /// Writes down what a person says of a step, and what is left out of the session by that.
    func remember(_ answer: GivenAnswer, to step: StepIdentifier, about question: String, skip: Skip?) async throws {
        try await journal.remember(answer, to: step, about: question, skip: skip)
    }

    /// Tells readers of the run something that is not a step.
    public func note(_ event: RunEvent) { report(event) }

    /// Whether an earlier run began a step.
    func wasBegun(_ step: StepIdentifier) async throws -> Bool { try await journal.entry(for: step) != nil }

    /// The stored output of a step that is done with an input, if it is.
    func output<Output: Decodable>(of step: StepIdentifier, inputDigest: String, as type: Output.Type) async throws -> Output? {
        guard let entry = try await journal.entry(for: step), entry.state == .done, entry.input.digest == inputDigest else { return nil }
        return try decoded(type, of: entry, step)
    }

    /// The output that a step had when it was done last, with whatever input.
    func lastOutput<Output: Decodable>(of step: StepIdentifier, as type: Output.Type) async throws -> Output? {
        try await journal.entry(for: step).flatMap { try decoded(type, of: $0, step) }
    }

    /// - Throws: ``WorkflowError`` where the journal is damaged there, or another version of the program wrote it.
    private func decoded<Output: Decodable>(_ type: Output.Type, of entry: JournalEntry, _ step: StepIdentifier) throws -> Output? {
        guard let data = entry.output else { return nil }
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw WorkflowError.unreadableJournal(step: step, "an outcome", of: journal.place, error)
        }
    }

    /// Lets a step that is done, and does not expose, be done again with the same input.
    func reopen(_ step: StepIdentifier, input: some Encodable) async throws { try await journal.intend(step, input: StepInput(of: input)) }

    /// The files that a step left when it was done last, as they were then.
    func products(of step: StepIdentifier) async throws -> [StepProduct] { try await journal.entry(for: step)?.products ?? [] }

    /// The outcome of a step: from the journal where it is done, else by doing it.
    public func run<Input, Output>(_ step: Step<Input, Output>) async throws -> Output {
        try Task.checkCancellation()
        if let reason = plan?.refusal(of: step.id, exposes: step.investigate != nil) { throw WorkflowError.unplanned(step: step.id, reason) }
        let input = try StepInput(of: step.input)
        var perform = step.perform
        if let entry = try await journal.entry(for: step.id) {
            if entry.state == .done, let output = try storedOutput(of: entry, input: input, step: step), try isThere(entry, step) {
                report(.skipped(step.id, title: step.title))
                return output
            }
            if entry.state != .done, entry.input.digest != input.digest { tellChange(of: step, from: entry, to: input) }
            if entry.state != .done, let investigate = step.investigate {
                switch try await investigate() {
                case .happened(let output): return try await recovered(step, input: input, output)
                case .didNotHappen: break
                case .partly(let words, let doubtful, let evidence, let finish):
                    if let doubtful {
                        let doubt = StepDoubt(step: step.id, title: step.title, reason: "\(words), but \(doubtful)", evidence: evidence)
                        if let output = try await settled(step, doubt, investigate) { return try await recovered(step, input: input, output) }
                    }
                    report(.note("\(step.title): \(words)"))
                    perform = finish
                case .unknown(let reason, let evidence):
                    let doubt = StepDoubt(step: step.id, title: step.title, reason: reason, evidence: evidence)
                    if let output = try await settled(step, doubt, investigate) { return try await recovered(step, input: input, output) }
                }
            }
        }
        try await journal.intend(step.id, input: input)
        report(.started(step.id, title: step.title, exposing: step.investigate != nil))
        return try await finish(step, input: input, perform: perform)
    }

    private func recovered<Input, Output>(_ step: Step<Input, Output>, input: StepInput, _ output: Output) async throws -> Output {
        try await journal.finish(step.id, input: input, output: JSONEncoder().encode(output), products: products(of: step, output))
        report(.recovered(step.id, title: step.title))
        return output
    }

    /// What the settings or a person say of a step that cannot be settled: its outcome where it is taken as done, nil where it is
    /// done again; throws otherwise.
    private func settled<Input, Output>(
        _ step: Step<Input, Output>, _ doubt: StepDoubt, _ investigate: @Sendable () async throws -> Step<Input, Output>.Evidence
    ) async throws -> Output? {
        let settlement = try await settle(doubt) {
            // Whoever answered may have made a map of it meanwhile.
            if case .happened(let output) = try await investigate() { return output }
            guard let takenAsDone = step.takenAsDone else { throw WorkflowError.refused("what it should have left is not there") }
            return try await takenAsDone()
        }
        switch settlement {
        case .happened(let output): return output
        case .again: return nil
        case .leftOut(_, isForGood: true): throw WorkflowError.leftOut(doubt.reason)
        case .leftOut(_, isForGood: false): throw WorkflowError.uncertain(step: step.id, reason: doubt.reason, mayBeSkipped: true)
        }
    }

    /// Whether what a finished step left is still there. What the computer made and somebody deleted is made again; what was
    /// exposed cannot be.
    private func isThere<Input, Output>(_ entry: JournalEntry, _ step: Step<Input, Output>) throws -> Bool {
        for product in entry.products {
            switch product.comparison() {
            case .same: break
            case .gone where step.whenEdited == .doneAgain, .changed where step.whenEdited == .doneAgain: return false
            case .gone where step.investigate != nil: throw WorkflowError.gone(step: step.id, file: product.path)
            case .gone:
                report(.warning("\(product.path) has been deleted since; \(step.title) is done again"))
                return false
            case .changed where step.whenEdited == .readByCaller: break
            case .changed: report(.warning("\(product.path) was changed after '\(step.title)'; it is used as it is now"))
            }
        }
        return true
    }

    /// The files of an outcome as they are now: those of the computer with checksums.
    private func products<Input, Output>(of step: Step<Input, Output>, _ output: Output) -> [StepProduct] {
        step.products(output).compactMap { StepProduct($0, withChecksum: step.investigate == nil) }
    }

    private func finish<Input, Output>(
        _ step: Step<Input, Output>, input: StepInput, perform: @Sendable () async throws -> Output
    ) async throws -> Output {
        let (id, title) = (step.id, step.title)
        let clock = ContinuousClock()
        let begin = clock.now
        do {
            let output = try await perform()
            try await journal.finish(
                id, input: input, output: JSONEncoder().encode(output), products: products(of: step, output))
            report(.finished(id, title: title, duration: clock.now - begin))
            return output
        } catch where error is CancellationError || Task.isCancelled {
            // An interrupted step stays an intent, whatever it was interrupted in: the next run asks what happened.
            report(.interrupted(id, title: title))
            throw CancellationError()
        } catch let cut as WorkflowError where cut.code == .leftAlone {
            report(.interrupted(id, title: title))
            throw cut
        } catch {
            report(.failed(id, title: title, reason: sentence(error)))
            do {
                try await journal.fail(id, input: input, reason: sentence(error))
            } catch let gone as WorkflowError where gone.code == .vanishedJournal {
                // Most likely why the step failed, too, and every other would.
                throw gone
            } catch let second {
                // The step stays an intent, which is safe; the first error is the one to tell.
                report(.warning("the failure could not be written down: \(sentence(second))"))
            }
            throw error
        }
    }

    private func storedOutput<Input, Output>(
        of entry: JournalEntry, input: StepInput, step: Step<Input, Output>
    ) throws -> Output? {
        guard entry.output != nil, entry.input.digest != input.digest else { return try decoded(Output.self, of: entry, step.id) }
        guard step.investigate == nil else { throw WorkflowError.inputChanged(step: step.id, entry.input.changes(to: input)) }
        return nil
    }

    /// Says what is other than when a step was begun, and what follows.
    private func tellChange<Input, Output>(of step: Step<Input, Output>, from entry: JournalEntry, to input: StepInput) {
        let what = entry.input.changes(to: input).map { " (\($0))" } ?? ""
        let next =
            step.investigate == nil
            ? "it is done as the settings are now" : "what it exposed then counts, and only what is missing is done as the settings are now"
        report(.note("'\(step.title)' was begun with other settings\(what); \(next)"))
    }
}
