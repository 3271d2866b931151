public import Foundation

/// A step that was begun and cannot be settled: the session waits until a person has said what became of it.
public struct StepQuestion: Codable, Sendable, Hashable, PeopleRequest {
    public let step: StepIdentifier
    /// What the operator reads of it, such as `Map lamella 2`.
    public let title: String
    /// Cassette slot.
    public let slot: Int
    /// Name of the grid.
    public let grid: String
    /// Why nobody can tell whether it happened.
    public let reason: String
    /// What files and microscope say.
    public let evidence: [String]
    /// The file that an answer is written into.
    public let marker: String
    public internal(set) var since: Date
    /// When the session waits no longer.
    public internal(set) var until: Date
    /// Why the last answer was not taken.
    public internal(set) var refusal: String?
    /// How often an answer was not taken.
    public internal(set) var refusals = 0
    /// The area whose acquisition was cut short; nil where it is about a whole step.
    public internal(set) var area: String?

    /// `'Map lamella 2' of grid HeLa_1 (slot 1)`.
    public var what: String { "'\(title)' of grid \(grid) (slot \(slot))" }

    private var subject: String { area.map { "area \($0)" } ?? wholeSubject }
    private var wholeSubject: String { step.lamella.map { "lamella \($0) of grid \(slot)" } ?? "grid \(slot)" }

    /// What an answer does.
    public func consequence(of answer: StepAnswer) -> String {
        switch answer {
        case .happened where area != nil: "what exists is taken as it is"
        case .repeat where area != nil: "it is acquired anew from its first tilt, though it is then exposed twice; what exists is kept beside it"
        case .happened: "it is taken as done, if what it should have left can be read"
        case .repeat: "it is done again, though the place may then be exposed twice"
        case .skip: "\(subject) is left out"
        }
    }

    /// What people are asked.
    public var request: String {
        let answers = StepAnswer.allCases.map { "\($0.rawValue) (\(consequence(of: $0)))" }.joined(separator: ", ")
        return (refusal.map { "\($0) " } ?? "") + (area == nil ? "It cannot be told whether \(what) happened: \(reason). " : "\(what) was cut short: \(reason). ")
            + (evidence.isEmpty ? "" : "What is known: \(evidence.joined(separator: "; ")). ")
            + "Answer with 'tomopilot answer --step \(step) ANSWER' where a service runs, or write ANSWER into the file \(marker). "
            + "ANSWER is one of \(answers)."
    }

    /// What happens if nobody does anything.
    public var next: String { "At \(until.forPeople) the session leaves \(subject) out, and the next run of the session asks again." }

    var pending: String { "nobody has said yet what became of \(what)" }
    var announcement: RunEvent { .asking(self) }
    var reminder: RunEvent { .questionReminder(self) }

    func timeOut(after limit: Duration) -> (reason: String, goesOn: Bool) {
        ("nobody said within \(words(limit)) what became of \(what): \(reason)", false)
    }

    package var isMarked: Bool { FileManager.default.fileExists(atPath: marker) }

    func unmark() throws {
        if isMarked { try FileManager.default.removeItem(atPath: marker) }
    }

    /// What an answer's file says: the answer, then the reason if there is one.
    static func text(of given: GivenAnswer) -> String { given.answer.rawValue + (given.reason.map { " \($0)" } ?? "") + "\n" }

    /// The text that the marker has to have for an answer.
    public static func marking(_ answer: StepAnswer, reason: String?) -> String { text(of: GivenAnswer(answer, reason: reason)) }

    /// The answer that lies in the file.
    ///
    /// - Throws: ``WorkflowError`` where it holds another word.
    func given() throws -> GivenAnswer {
        let text = String(decoding: FileManager.default.contents(atPath: marker)?.prefix(2000) ?? Data(), as: UTF8.self)
        let words = text.split(maxSplits: 1, omittingEmptySubsequences: true, whereSeparator: \.isWhitespace)
        guard let word = words.first, let answer = StepAnswer(rawValue: word.lowercased()) else {
            let all = StepAnswer.allCases.map(\.rawValue).joined(separator: ", ")
            throw WorkflowError.refused("\(marker) says '\(words.first?.prefix(80) ?? "")'; it must say one of \(all), and may give a reason after it.")
        }
        let reason = words.count > 1 ? words[1].trimmingCharacters(in: .whitespacesAndNewlines) : ""
        return GivenAnswer(answer, reason: reason.isEmpty ? nil : reason)
    }
}
