import Foundation
import ImageFiles
import SerialEMSimulator
import Testing
import Workflow

/// SerialEM shows EXTERNAL CONTROL and answers no more: nobody waits for half a day, and nothing is exposed twice.
@Suite struct StalledSessionTests {
    @Test func aMontageThatIsNeverAnsweredIsGivenUpByWhatMontagesTookAndPeopleAreTold() async throws {
        try await GridNight.with(faults: #"{"kind": "silence", "when": {"command": "Montage"}}"#) { grids in
            let times = grids.folder + "/command_times.json"
            try Data(#"{"M": {"count": 9, "longest": 0.1}}"#.utf8).write(to: URL(fileURLWithPath: times))
            // For montages it counts thirty times, which is longer than one takes on a busy machine.
            let outcome = try await grids.run("", commandTimes: times, givingUpAfter: .milliseconds(1500))
            let told = outcome.events.compactMap { event in
                switch event {
                case .obstructed(let text, let next): "\(text) \(next)"
                case .cleared(let text): text
                default: nil
                }
            }
            let words = told.filter { !$0.contains("acuum") }
            #expect(words.count == 2)
            #expect(words.first?.hasSuffix("It connects again, asks SerialEM what happened, and goes on.") == true)
            #expect(words.last == "SerialEM answers again")
            let pieces = try MRCFile.header("\(grids.sessionFolder)/Alga_1/Alga_1.mrc").sections
            #expect(await grids.microscope.exposureLog().count == pieces)
            let kept = try JSONValue.read(times)
            #expect((kept["M"]?["count"]?.integer ?? 0) > 9)
        }
    }
}
