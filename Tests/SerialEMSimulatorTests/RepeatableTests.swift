import SerialEMProtocol
import SerialEMSimulator
import Testing

@Suite struct RepeatableTests {
    @Test(arguments: [false, true])
    func theSecondTryComesOutAsTheFirstOnlyWhereTheSimulatorIsToldSo(repeatable: Bool) async throws {
        let s = try await Scenario { $0.isRepeatable = repeatable }
        try await s.loadGrid()
        var tries: [[Double]] = []
        // The second time from elsewhere, and after more images.
        for way in [-400.0, 300] {
            try await s.run("MoveStageTo", .number(way), 100)
            try await s.run("V")
            try await s.run("V")
            try await s.goToLamella()
            let place = try await s.trueCenter()
            let readout = try await s.numbers("ReportStageXYZ")
            try await s.run("SetBeamBlank", 1)
            try await s.run("R")
            tries.append([place.x, place.y] + readout + (try await s.numbers("ReportMeanCounts")))
            try await s.run("SetBeamBlank", 0)
        }
        // The drift since the arrival comes from sums of seconds.
        for (first, second) in zip(tries[0], tries[1]) { #expect((abs(first - second) < 1e-9) == repeatable, "\(first) \(second)") }
    }
}
