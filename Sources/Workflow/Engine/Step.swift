/// One thing to do, as a value: what it is called, what goes in, how it is done, and how to find out whether it happened.
public struct Step<Input: Encodable & Sendable, Output: Codable & Sendable>: Sendable {
    /// What is known about a step that was begun and not finished.
    public enum Evidence: Sendable {
        /// It did happen; this is what came out.
        case happened(Output)
        /// It did not; it may be done.
        case didNotHappen
        /// It happened in part, as the words say; this does the rest. The doubt says what nobody can tell of the part, and what could
        /// therefore be exposed twice; nil where nothing is.
        case partly(String, doubt: String? = nil, evidence: [String] = [], finish: @Sendable () async throws -> Output)
        /// Nobody can tell, and why; a person must look, unless the settings say what to do. The evidence is what files and
        /// microscope say.
        case unknown(String, evidence: [String] = [])
    }

    public let id: StepIdentifier
    /// What the operator reads, such as "Map lamella 2".
    public let title: String
    /// Everything that the outcome depends on; a step with another input is another step.
    public let input: Input
    let perform: @Sendable () async throws -> Output
    /// Asked before a begun step is done again; nil for steps that put no electrons on the sample and move no grid.
    let investigate: (@Sendable () async throws -> Evidence)?
    /// The outcome where a person says that the step happened, and `investigate` does not find so; throws where what it
    /// should have left cannot be read.
    let takenAsDone: (@Sendable () async throws -> Output)?
    /// The files that the outcome consists of.
    let products: @Sendable (Output) -> [String]
    /// What becomes of a step that is done when people have changed its files.
    public enum Edited: Sendable, Hashable {
        /// They are told that the files are used as they are now.
        case used
        /// Whoever runs the step reads the files again and tells of it.
        case readByCaller
        /// It is done again.
        case doneAgain
    }
    let whenEdited: Edited

    /// A step that may be repeated at will: analysis, files, states.
    public init(
        _ id: StepIdentifier, title: String, input: Input, products: @escaping @Sendable (Output) -> [String] = { _ in [] },
        whenEdited: Edited = .used, perform: @escaping @Sendable () async throws -> Output
    ) {
        self.products = products
        self.whenEdited = whenEdited
        self.id = id
        self.title = title
        self.input = input
        self.perform = perform
        investigate = nil
        takenAsDone = nil
    }

    /// A step that exposes the sample or moves a grid; after a crash `investigate` says whether it happened, and where it cannot,
    /// `takenAsDone` reads what a person says is there.
    public init(
        exposing id: StepIdentifier, title: String, input: Input, products: @escaping @Sendable (Output) -> [String] = { _ in [] },
        investigate: @escaping @Sendable () async throws -> Evidence,
        takenAsDone: (@Sendable () async throws -> Output)? = nil,
        perform: @escaping @Sendable () async throws -> Output
    ) {
        self.products = products
        whenEdited = .used
        self.id = id
        self.title = title
        self.input = input
        self.perform = perform
        self.investigate = investigate
        self.takenAsDone = takenAsDone
    }
}
