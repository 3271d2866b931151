@testable import SerialEMClient
import Testing

/// How long a command is waited for, by how long it took before.
@Suite struct CommandTimesTests {
    private static let hours: Duration = .seconds(12 * 3600)

    private func seen(_ name: String, _ seconds: [Double]) -> CommandTimes {
        let times = CommandTimes()
        for time in seconds { times.note(name, took: .seconds(time)) }
        return times
    }

    @Test func aMontageThatTakesMinutesIsNotWaitedForHalfADay() {
        #expect(seen("M", [200, 100, 240, 180, 150]).deadline(for: "M", longest: Self.hours) == .seconds(5 * 240))
    }

    @Test func nothingIsConcludedFromAFew() {
        #expect(seen("M", [200, 100, 240, 180]).deadline(for: "M", longest: Self.hours) == Self.hours)
        #expect(seen("R", [1, 1, 1, 1, 1, 1]).deadline(for: "M", longest: Self.hours) == Self.hours)
    }

    @Test func noCommandIsGivenUpWithinAMinuteNorWaitedForBeyondWhatItMayTake() {
        #expect(seen("R", [1, 2, 1, 1, 2]).deadline(for: "R", longest: .seconds(600)) == .seconds(60))
        #expect(seen("R", [400, 2, 1, 1, 2]).deadline(for: "R", longest: .seconds(600)) == .seconds(600))
    }

    @Test func whatARefillTookYesterdayIsNoLimitForToday() {
        let name = "ManageDewarsAndPumps"
        #expect(seen(name, [0, 0, 0, 0, 0, 0]).deadline(for: name, longest: Self.hours) == Self.hours)
    }

    @Test func whatAnEarlierSessionSawCounts() {
        let yesterday = seen("M", [200, 100, 240, 180, 150])
        #expect(CommandTimes(yesterday.all).deadline(for: "M", longest: Self.hours) == .seconds(1200))
    }
}
