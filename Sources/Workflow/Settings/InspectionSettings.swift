/// Where a session waits until people have looked, and for how long.
public struct InspectionSettings: Codable, Hashable, Sendable {
    /// What happens where nobody has confirmed in time.
    public enum Timeout: String, Codable, Hashable, Sendable, CaseIterable {
        /// The rest of the grid is left out; another run of the session asks again.
        case skip
        /// The session goes on as if it had been confirmed.
        case goOn = "go_on"
    }

    /// `WG_wait_for_inspection`: lamellae are confirmed before level 2.
    public let waitsForLamellae: Bool
    /// `MM_wait_for_inspection`: targets are confirmed before they are acquired.
    public let waitsForTargets: Bool
    /// `inspection_reminder`: after how many minutes people are told again; 0 never. Questions about steps go by it too.
    public let reminderMinutes: Double
    /// `inspection_hours`: how long the session waits, for an answer to a question about a step too.
    public let hours: Double
    /// `inspection_timeout`: what happens then.
    public let timeout: Timeout

    /// How long the session waits.
    var limit: Duration { .seconds(hours * 3600) }
    /// After how long people are told again; nil never.
    var reminder: Duration? { reminderMinutes > 0 ? .seconds(reminderMinutes * 60) : nil }

    init(_ reader: inout SettingsReader) {
        waitsForLamellae = reader.flag("WG_wait_for_inspection", default: false)
        waitsForTargets = reader.flag("MM_wait_for_inspection", default: false)
        reminderMinutes = reader.number("inspection_reminder", default: 30, in: 0 ... 1440, unit: " minutes")
        hours = reader.number("inspection_hours", default: 12, in: 0.001 ... 200, unit: " hours")
        timeout = reader.name("inspection_timeout", default: .skip)
    }

    /// Nobody looks, as where the settings say nothing.
    static let none = Self()

    private init() {
        waitsForLamellae = false
        waitsForTargets = false
        reminderMinutes = 30
        hours = 12
        timeout = .skip
    }
}
