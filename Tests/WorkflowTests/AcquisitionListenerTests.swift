import Foundation
import Microscope
import Testing

@testable import Workflow

/// A SerialEM that falls silent while it acquires, or writes nothing any more, is told of once, and the end of that too.
@Suite struct AcquisitionListenerTests {
    private static let written = Date(timeIntervalSince1970: 1_700_000_000)

    @Test func aMinuteOfSilenceIsToldOnceAndSoIsTheReturn() throws {
        let listener = AcquisitionListener()
        func hear(_ sign: AcquisitionSign, _ seconds: Int) -> AcquisitionListener.News? {
            listener.hear(sign, after: .seconds(seconds)) { Self.written.addingTimeInterval(Double(seconds)) }
        }
        #expect(hear(.busy, 10) == nil)
        #expect(hear(.silent, 20) == nil)
        #expect(hear(.silent, 79) == nil)
        guard case .trouble(let words)? = hear(.silent, 80) else {
            Issue.record("a minute of silence is not told")
            return
        }
        #expect(words.contains("look whether it still runs"))
        #expect(hear(.silent, 200) == nil)
        #expect(hear(.busy, 210) == .over("SerialEM answers again; the acquisition goes on"))
        #expect(hear(.busy, 220) == nil)
    }

    @Test func ofSeveralAcquisitionsThatAreOpenTheOneThatWasBegunLastIsWatched() async throws {
        let settings = try SessionSettings(yaml: "session_dir: /s\nWG_model: d\nMM_model: m\ngrid_list: [1, 2, 3]", file: "s.yaml")
        func watched(_ begun: [Int: (JournalEntry.State, String)]) async throws -> String? {
            let watch = try await AcquisitionWatch.underWay(settings) { step in
                guard step.kind == "acquisition", let slot = step.slot, let (state, time) = begun[slot] else { return nil }
                return JournalEntry(state: state, input: StepInput(digest: "d", json: nil), output: nil, intended: time)
            }
            guard case .progress(let phase, _, _)? = watch?.progress else { return nil }
            return phase
        }
        let (early, late) = ("2026-01-01T01:00:00Z", "2026-01-01T03:00:00Z")
        #expect(try await watched([1: (.intended, early), 3: (.intended, late)]) == "grid 3, acquiring")
        // The first grid was taken up again.
        #expect(try await watched([1: (.intended, late), 3: (.failed, early)]) == "grid 1, acquiring")
        #expect(try await watched([1: (.intended, early), 3: (.done, late)]) == "grid 1, acquiring")
        #expect(try await watched([3: (.done, late)]) == nil)
    }

    @Test func aShortSilenceIsNothingToTell() {
        let listener = AcquisitionListener()
        #expect(listener.hear(.silent, after: .seconds(10)) { nil } == nil)
        #expect(listener.hear(.busy, after: .seconds(60)) { nil } == nil)
        #expect(listener.hear(.silent, after: .seconds(65)) { nil } == nil)
    }

    @Test func anAcquisitionThatWritesNothingForLongIsToldOnceThoughSerialEMIsThere() throws {
        let listener = AcquisitionListener()
        var told: [AcquisitionListener.News] = []
        for seconds in stride(from: 0, through: 6000, by: 10) {
            // A box on the screen from the 1000th second to the 5000th.
            let newest = Self.written.addingTimeInterval(Double(seconds < 1000 ? seconds : seconds < 5000 ? 1000 : seconds))
            if let news = listener.hear(.busy, after: .seconds(seconds), written: { newest }) { told.append(news) }
        }
        #expect(told.count == 2)
        guard case .trouble(let words)? = told.first else {
            Issue.record("that nothing is written is not told")
            return
        }
        #expect(words.contains("in a box on its screen"))
        #expect(told.last == .over("files are written again; the acquisition goes on"))
    }

    @Test func aSerialEMThatEndsAfterABoxOnItsScreenIsToldOfToo() {
        let listener = AcquisitionListener()
        var told: [AcquisitionListener.News] = []
        for seconds in stride(from: 0, through: 4000, by: 10) {
            if let news = listener.hear(seconds < 3000 ? .busy : .silent, after: .seconds(seconds), written: { Self.written }) { told.append(news) }
        }
        #expect(told.count == 2)
        guard case .trouble(let words)? = told.last else {
            Issue.record("the silence is not told")
            return
        }
        #expect(words.contains("has not answered for a minute"))
    }
}
