public import Microscope
import Yams

/// What of the microscope is watched, how long a session waits for it, and how the microscope is left.
public struct SafetySettings: Codable, Hashable, Sendable {
    /// `interlocks`: what has to be well before anything is exposed or moved.
    public var interlocks: Set<Interlock> { Set(watched) }
    /// In order: a set is written in another one each time, and settings that are the same must be so in the journal.
    private let watched: [Interlock]
    /// `interlock_hours`: how long the session waits for it before it stops.
    public let hours: Double
    /// `safe_state`: what is done at every end of a session, and while it waits long.
    public let measures: [SafetyMeasure]
    /// `disk_reserve`: bytes that have to be left after each map.
    public let diskReserve: Double
    /// `minimum_beam_current`: nanoamperes of the gun; 0 does not look.
    public let minimumBeamCurrent: Double

    init(_ reader: inout SettingsReader) {
        watched = reader.names("interlocks", default: Interlock.allCases).sorted { $0.rawValue < $1.rawValue }
        hours = reader.number("interlock_hours", default: 12, in: 0.01 ... 200, unit: " hours")
        measures = reader.names("safe_state", default: [.beam, .tilt, .valves])
        diskReserve = reader.number("disk_reserve", default: 1, in: 0 ... 100_000, unit: " GB") * 1e9
        minimumBeamCurrent = reader.number("minimum_beam_current", default: 0, in: 0 ... 10_000, unit: " nA")
    }
}

extension SettingsReader {
    /// One name out of a few.
    mutating func name<Name: RawRepresentable & CaseIterable & Sendable>(_ key: String, default absent: Name) -> Name
    where Name.RawValue == String {
        value(key, default: absent, expected: "one of " + Name.allCases.map(\.rawValue).joined(separator: ", ")) {
            $0.string.flatMap(Name.init)
        } ?? absent
    }

    /// A list of names out of a few.
    mutating func names<Name: RawRepresentable & CaseIterable & Sendable>(_ key: String, default absent: [Name]) -> [Name]
    where Name.RawValue == String {
        let known = Name.allCases.map(\.rawValue).joined(separator: ", ")
        return value(key, default: absent, expected: "a list of some of \(known), or []") { node in
            guard let items = node.sequence else { return nil }
            let names = items.compactMap { $0.string.flatMap(Name.init) }
            return names.count == items.count && Set(names.map(\.rawValue)).count == names.count ? names : nil
        } ?? absent
    }
}
