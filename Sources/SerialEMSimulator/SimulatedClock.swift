/// Time at the virtual microscope: durations are those of a real instrument, run `scale` times faster.
struct SimulatedClock: Sendable {
    /// How many times faster than life; 0 does not wait at all.
    let scale: Double
    /// Seconds since the start of the simulated night.
    private(set) var elapsed = 0.0
    /// Seconds since 1970 at the start: a fixed evening, so that files of equal seeds are equal.
    static let start = 1_793_044_800.0

    init(scale: Double) { self.scale = scale }

    /// Lets a duration pass.
    mutating func pass(_ seconds: Double) -> Duration? {
        guard seconds.isFinite, seconds > 0 else { return nil }
        elapsed += seconds
        guard scale > 0 else { return nil }
        return .seconds(seconds / scale)
    }

    /// The present day and time as numbers.
    var date: CivilTime { CivilTime(secondsSince1970: SimulatedClock.start + elapsed) }
}

/// A day and a time of day (Gregorian, without time zone).
struct CivilTime: Sendable, Hashable {
    let year: Int
    let month: Int
    let day: Int
    let hour: Int
    let minute: Int
    let second: Int

    /// Howard Hinnant's days-to-civil rule.
    init(secondsSince1970: Double) {
        let seconds = Int(clamped: secondsSince1970)
        let days = seconds / 86400 + 719_468
        let era = days / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shifted + 2) / 5 + 1
        month = shifted < 10 ? shifted + 3 : shifted - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        hour = seconds / 3600 % 24
        minute = seconds / 60 % 60
        second = seconds % 60
    }

    static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    /// As SerialEM writes it into mdoc files, `11-Aug-2023  17:44:56`.
    var mdoc: String {
        "\(Self.two(day))-\(Self.months[month - 1])-\(year)  \(Self.two(hour)):\(Self.two(minute)):\(Self.two(second))"
    }
    var iso: String {
        "\(year)-\(Self.two(month))-\(Self.two(day))T\(Self.two(hour)):\(Self.two(minute)):\(Self.two(second))"
    }
}
