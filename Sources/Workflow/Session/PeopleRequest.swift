import Foundation

/// Something that a session asks of people and waits for, for a time: an ``Inspection`` or a ``StepQuestion``.
protocol PeopleRequest: Sendable {
    var since: Date { get set }
    /// When the session waits no longer.
    var until: Date { get set }
    /// Why it was not taken when somebody did it.
    var refusal: String? { get set }
    /// How often it was not taken.
    var refusals: Int { get set }
    /// The file that says that it was done.
    var marker: String { get }
    /// What is missing, such as `the lamellae of grid HeLa_1 (slot 1) are not confirmed yet`.
    var pending: String { get }
    var isMarked: Bool { get }
    /// Takes away what says that it was done.
    func unmark() throws
    /// Why the session waits no longer than this, and whether it goes on as if it had been done.
    func timeOut(after limit: Duration) -> (reason: String, goesOn: Bool)
    /// Tells people, and tells them again.
    var announcement: RunEvent { get }
    var reminder: RunEvent { get }
}

extension Date {
    /// For people: `2026-11-21 23:05:00`, in the time zone of this machine.
    var forPeople: String {
        formatted(Date.ISO8601FormatStyle(dateTimeSeparator: .space, timeZone: .current).year().month().day().time(includingFractionalSeconds: false))
    }
}
