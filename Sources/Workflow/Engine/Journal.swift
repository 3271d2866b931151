public import Foundation

/// The name of a step, the same in every run of a session: `grid-3/lamella-02/medium-map`.
public struct StepIdentifier: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The parts, joined by slashes.
    public let path: String
    public init(_ path: String) { self.path = path }
    public var description: String { path }
    /// What steps of other lamellae and grids have in common with this one: `medium-map`.
    public var kind: String { path.split(separator: "/").last.map(String.init) ?? path }
    /// Whether it is the computer's work alone, for which no one need look at SerialEM.
    public var isAnalysis: Bool { ["lamellae", "segmentation", "targets", "overview"].contains(kind) }
    /// The cassette slot of the grid that it is about; nil where it is about none.
    public var slot: Int? { number(after: "grid-", part: 0) }
    /// The number of the lamella that it is about; nil where it is about none.
    public var lamella: Int? { number(after: "lamella-", part: 1) }

    private func number(after prefix: String, part: Int) -> Int? {
        let parts = path.split(separator: "/")
        guard parts.count > part, parts[part].hasPrefix(prefix) else { return nil }
        return Int(parts[part].dropFirst(prefix.count))
    }

    /// A step of a grid.
    public static func grid(_ slot: Int, _ name: String) -> Self { Self("grid-\(slot)/\(name)") }
    /// A step of a lamella, counted from 1.
    public static func lamella(_ slot: Int, _ number: Int, _ name: String) -> Self {
        Self("grid-\(slot)/lamella-\(number < 10 ? "0" : "")\(number)/\(name)")
    }
}

/// What the journal holds of a step.
public struct JournalEntry: Hashable, Sendable {
    /// How far a step came.
    public enum State: String, Sendable, CaseIterable { case intended, done, failed }
    public let state: State
    /// What it was intended with.
    public let input: StepInput
    /// The output as JSON, once it is done.
    public let output: Data?
    /// The files that it left.
    public let products: [StepProduct]
    /// When it was begun last, as text whose order is that of time.
    public let intended: String
    public init(state: State, input: StepInput, output: Data?, products: [StepProduct] = [], intended: String = "") {
        self.state = state
        self.input = input
        self.output = output
        self.products = products
        self.intended = intended
    }
}

/// What happened, written down before and after each step, so that nothing is done twice.
public protocol Journal: Sendable {
    /// Where it is, for messages.
    var place: String { get }
    /// The newest entry of a step, if there is one.
    func entry(for step: StepIdentifier) async throws -> JournalEntry?
    /// Writes down that a step is about to be done, and with what; returns after it is on disk.
    func intend(_ step: StepIdentifier, input: StepInput) async throws
    /// Writes down that a step is done, with its output as JSON and the files that it left, in one transaction.
    func finish(_ step: StepIdentifier, input: StepInput, output: Data, products: [StepProduct]) async throws
    /// Writes down what has been found out of the files of a step that is done.
    func keep(_ products: [StepProduct], of step: StepIdentifier) async throws
    /// Writes down that nobody can tell whether a step that was begun happened, and what is done about it.
    func doubt(_ step: StepIdentifier, reason: String, decision: UncertainSteps) async throws
    /// Writes down what a person says of such a step, and what is left out of the session by that, in one transaction. A
    /// skip is done with; another answer is open until the step is intended, done, or ``closeAnswers(to:)`` is called.
    func remember(_ answer: GivenAnswer, to step: StepIdentifier, about question: String, skip: Skip?) async throws
    /// What a person said of a step, where nothing has come of it yet.
    func openAnswer(to step: StepIdentifier) async throws -> GivenAnswer?
    /// What a person said could not be taken.
    func closeAnswers(to step: StepIdentifier) async throws
    /// Writes down what people leave out of the session; said again, the newer reason holds.
    func remember(_ skip: Skip) async throws
    /// Writes down that people do not leave something out any more.
    func forget(_ part: SkippedPart) async throws
    /// What people have left out of the session, in whatever run.
    func skips() async throws -> [Skip]
    /// Writes down that a step failed and why.
    func fail(_ step: StepIdentifier, input: StepInput, reason: String) async throws
}
