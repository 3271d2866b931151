public import Foundation

/// A gate at which a session waits until people have looked at what it found on a grid.
public struct Inspection: Codable, Sendable, Hashable, PeopleRequest {
    /// What they look at.
    public enum Subject: String, Codable, Sendable, Hashable, CaseIterable { case lamellae, targets }

    public let subject: Subject
    /// Cassette slot.
    public let slot: Int
    /// Name of the grid.
    public let grid: String
    /// The picture to look at first.
    public let picture: String
    /// Which files may be changed, in words.
    public let files: String
    /// The file that confirms it, as soon as it is there.
    public let marker: String
    /// SPACEtomo's tools confirm each map by a file of its own: all of these confirm it too.
    let markersOfTools: [String]
    public internal(set) var since: Date
    /// When the session waits no longer.
    public internal(set) var until: Date
    let timeout: InspectionSettings.Timeout
    /// Why it was not taken when somebody confirmed it.
    public internal(set) var refusal: String?
    /// How often it was not taken.
    public internal(set) var refusals = 0

    /// `the lamellae of grid HeLa_1 (slot 1)`.
    public var what: String { "the \(subject.rawValue) of grid \(grid) (slot \(slot))" }

    /// What people are asked to do.
    public var request: String {
        let reason = refusal.map { "\($0) " } ?? ""
        return "\(reason)\(GuardedMicroscope.capitalized(what)) wait to be confirmed. Look at \(picture); what is changed in \(files) is "
            + "taken up. Confirm with 'tomopilot confirm --grid \(slot)' where a service runs, or make the file \(marker)."
    }

    /// What happens if nobody does anything.
    public var next: String {
        "At \(until.forPeople) the session " + (timeout == .skip ? "leaves the rest of this grid out." : "goes on all the same.")
    }

    var pending: String { "\(what) are not confirmed yet" }
    var announcement: RunEvent { .inspecting(self) }
    var reminder: RunEvent { .inspectionReminder(self) }

    func timeOut(after limit: Duration) -> (reason: String, goesOn: Bool) {
        ("nobody confirmed \(what) within \(words(limit))", timeout == .goOn)
    }

    /// Whether somebody has confirmed it.
    package var isMarked: Bool {
        let manager = FileManager.default
        if manager.fileExists(atPath: marker) { return true }
        return !markersOfTools.isEmpty && markersOfTools.allSatisfy(manager.fileExists(atPath:))
    }

    /// Takes the confirmation back.
    func unmark() throws {
        for path in [marker] + markersOfTools where FileManager.default.fileExists(atPath: path) {
            try FileManager.default.removeItem(atPath: path)
        }
    }
}

/// How a gate for people was passed.
enum Inspected<Value: Sendable>: Sendable {
    case confirmed(Value)
    /// The rest of the grid is left out.
    case leftOut(LeftOut)
}

/// Why something is left out, and whether a person said so; otherwise none came in time.
struct LeftOut: Sendable, Hashable {
    let reason: String
    let byPerson: Bool
}
