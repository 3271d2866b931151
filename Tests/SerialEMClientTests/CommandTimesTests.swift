@testable import SerialEMClient
import Testing
import Units

/// How long a command is waited for, by how long it took before.
@Suite struct CommandTimesTests {
    private static let hours: Duration = .seconds(12 * 3600)

    private func seen(_ name: String, _ seconds: [Double]) -> CommandTimes {
        let times = CommandTimes()
        for time in seconds { times.note(name, took: .seconds(time)) }
        return times
    }

    @Test func aMontageThatTakesMinutesIsNotWaitedForHalfADay() {
        #expect(seen("M", [500, 100, 240, 180, 150]).deadline(for: "M", longest: Self.hours) == .seconds(5 * 500))
        // Whole grids have more pieces than lamellae.
        #expect(seen("M", [60, 50, 55, 60, 50]).deadline(for: "M", longest: Self.hours) == .seconds(1800))
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

    @Test func aFileWithImpossibleNumbersCountsForNothing() {
        let times = CommandTimes([
            "M": .init(count: 9, longest: 1e300), "R": .init(count: .max, longest: 1), "V": .init(count: -1, longest: 1), "F": .init(count: 9, longest: .nan),
        ])
        #expect(times.all.isEmpty)
        times.note("R", took: .seconds(1))
        #expect(times.deadline(for: "M", longest: Self.hours) == Self.hours)
    }

    @Test func whatAnEarlierSessionSawCounts() {
        let yesterday = seen("LoadCartridge", [200, 100, 240, 180, 150])
        #expect(CommandTimes(yesterday.all).deadline(for: "LoadCartridge", longest: Self.hours) == .seconds(1200))
    }

    @Test func untilAHistoryTellsAMontageIsGivenUpByWhatIsAskedOfIt() {
        let lamella = Deadline.montage(pieces: 9, exposure: .init(1))
        #expect(lamella == .seconds(3600 + 9 * 65))
        #expect(CommandTimes().deadline(for: "M", longest: Self.hours, expected: lamella) == lamella)
        // However much is asked, and whatever a camera says.
        #expect(Deadline.montage(pieces: 100_000, exposure: .init(1)) == Self.hours)
        #expect(Deadline.montage(pieces: 9, exposure: .init(.nan)) == .seconds(3600 + 9 * 60))
        #expect(Deadline.montage(pieces: -1, exposure: .init(-5)) == .seconds(3600))
    }

    @Test func aMicroscopeThatIsSlowerThanThoughtIsWaitedForTheNextTime() {
        let times = seen("LoadCartridge", [1800])
        #expect(times.deadline(for: "LoadCartridge", longest: Self.hours, expected: Deadline.hour) == .seconds(9000))
        #expect(times.deadline(for: "UnloadCartridge", longest: Self.hours, expected: Deadline.hour) == .seconds(3600))
        // Once enough were seen, they tell.
        #expect(seen("LoadCartridge", [200, 100, 240, 180, 150]).deadline(for: "LoadCartridge", longest: Self.hours, expected: Deadline.hour) == .seconds(1200))
    }
}
