import Foundation
import ImageFiles
import SerialEMSimulator
import Synchronization
import Testing
@testable import Workflow

/// An acquisition that is cut inside one area: the other areas are acquired without asking, complete ones never again, and the question
/// is about the area that was cut. Everything is held against the simulator's own log of exposures.
@Suite(.serialized) struct CutAcquisitionTests {
    private typealias Night = AcquisitionNight

    /// SerialEM ends in the middle of an area while a run waits for it.
    private func crashed(
        in area: String, _ night: AcquisitionNight, _ policy: UncertainSteps, answering answer: StepAnswer? = nil
    ) async throws -> AcquisitionNight.Outcome {
        night.linger(in: area)
        async let outcome = night.run(policy) { $0 == area ? answer : nil }
        try await night.inside(area) { night.server.crash(seconds: 0.3) }
        return try await outcome
    }

    private func expectOthersOnce(than cut: String, _ night: AcquisitionNight, _ outcome: AcquisitionNight.Outcome) async {
        for area in Night.areas where area != cut {
            #expect(await night.records(of: area) == Night.once, "\(area)")
            #expect(outcome.isWhole(area), "\(area)")
        }
    }

    @Test("An area that a person takes as it is keeps what exists, and the others are acquired", arguments: AcquisitionNight.areas)
    func happened(area: String) async throws {
        try await Night.with { night in
            let outcome = try await crashed(in: area, night, .stop, answering: .happened)
            #expect(outcome.failure == nil)
            #expect(outcome.questions.map(\.area) == [area])
            await expectOthersOnce(than: area, night, outcome)
            let records = await night.records(of: area)
            #expect(!records.isEmpty && records != Night.once && records.values.allSatisfy { $0 <= 2 })
            let images = try #require(outcome.images[area])
            #expect(images.reduce(0, +) <= records.values.reduce(0, +) && images.allSatisfy { 1 ..< Night.tilts ~= $0 })
            // The report says what there is, of how many.
            let words = outcome.targets.filter { $0.area == area }.tiltWords
            #expect(words.contains("of 13 tilts of 2 targets"))
            let notes = outcome.report.lamellae.map(\.note).filter { !$0.isEmpty }
            #expect(notes == ["cut short: \(area) has \(words), taken as it is"])
            // The journal has it, so that nobody is asked again and nothing is exposed again.
            let exposures = await night.server.microscope.exposureLog().count
            let again = try await night.run(.stop)
            #expect(again.failure == nil && again.questions.isEmpty && again.targets == outcome.targets)
            #expect(await night.server.microscope.exposureLog().count == exposures)
        }
    }

    @Test func theReportOfASessionThatIsStoppedWithinAnAcquisitionHasWhatIsAcquired() async throws {
        try await Night.with { night in
            night.linger(in: Night.areas[1])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await night.run() }
                try await night.inside(Night.areas[1]) {}
                group.cancelAll()
                // How the run ends is not the matter here.
                while let ended = await group.nextResult() { _ = ended }
            }
            let report = try #require(try await night.reportsOfWhatIsUnfinished().first)
            #expect(report.lamellae.map(\.targets) == [2, 4])
            #expect(report.lamellae.first?.acquired == 2 && report.lamellae.first?.levelReached == 5)
            #expect(report.lamellae.last.map { $0.acquired < 4 } == true)
        }
    }

    @Test("An area that a person leaves out stays as it is, with the reason, and the others are acquired", arguments: AcquisitionNight.areas)
    func skip(area: String) async throws {
        try await Night.with { night in
            let outcome = try await crashed(in: area, night, .stop, answering: .skip)
            #expect(outcome.failure == nil && outcome.questions.map(\.area) == [area])
            await expectOthersOnce(than: area, night, outcome)
            #expect(await night.records(of: area).values.allSatisfy { $0 <= 2 })
            #expect(outcome.targets.filter(\.isLeftOut).map(\.area) == [area, area])
            #expect(outcome.report.lamellae.contains { $0.note.hasSuffix("left out: a person said so") })
            let again = try await night.run(.stop)
            #expect(again.questions.isEmpty && again.targets == outcome.targets)
        }
    }

    @Test("An area that a person has repeated is exposed twice, and it alone", arguments: AcquisitionNight.areas)
    func again(area: String) async throws {
        try await Night.with { night in
            let outcome = try await crashed(in: area, night, .stop, answering: .repeat)
            #expect(outcome.failure == nil && outcome.questions.map(\.area) == [area])
            await expectOthersOnce(than: area, night, outcome)
            #expect(outcome.isWhole(area) && outcome.images[area] == [Night.tilts, Night.tilts])
            let records = await night.records(of: area)
            #expect(Night.once.allSatisfy { 2 ... 4 ~= records[$0.key] ?? 0 } && records != Night.once)
            #expect(FileManager.default.fileExists(atPath: "\(night.grid)/\(area)_ts_001_old1.mrc"))
        }
    }

    @Test func thePolicySkipLeavesTheAreaOutOfThisRunAndEndsNeitherGridNorSession() async throws {
        try await Night.with { night in
            let area = Night.areas[1]
            let outcome = try await crashed(in: area, night, .skip)
            #expect(outcome.failure == nil && outcome.questions.isEmpty)
            await expectOthersOnce(than: area, night, outcome)
            #expect(!outcome.isWhole(area))
            let note = try #require(outcome.report.lamellae.last?.note)
            #expect(note.hasPrefix("left out: \(area) was cut short (") && note.contains("of 13 tilts of 2 targets"), "\(note)")
            // Another policy of the next run finds it as it was.
            let next = try await night.run(.repeat)
            #expect(next.failure == nil && next.isWhole(area))
            await expectOthersOnce(than: area, night, next)
        }
    }

    @Test func thePolicyRepeatAcquiresTheAreaAnewAndNoOther() async throws {
        try await Night.with { night in
            let area = Night.areas[0]
            let outcome = try await crashed(in: area, night, .repeat)
            #expect(outcome.failure == nil && outcome.questions.isEmpty && outcome.isWhole(area))
            await expectOthersOnce(than: area, night, outcome)
            #expect(await night.records(of: area).values.allSatisfy { $0 <= 4 })
        }
    }

    @Test func anAreaThatIsCutEachTimeIsNotRepeatedForEver() async throws {
        try await Night.with { night in
            let area = Night.areas[2]
            for number in 1 ... 3 {
                try Data().write(to: URL(fileURLWithPath: "\(night.grid)/\(area)_ts_001_old\(number).mrc"))
            }
            let outcome = try await crashed(in: area, night, .repeat)
            #expect(outcome.failure == nil && !outcome.isWhole(area))
            #expect(outcome.warnings.contains { $0.contains("uncertain_steps allows no further repetition") })
            #expect(await night.records(of: area).values.allSatisfy { $0 <= 2 })
        }
    }

    @Test func aRunThatIsKilledAndASerialEMThatCrashesThenAreSettledByTheNextRun() async throws {
        try await Night.with { night in
            let area = Night.areas[1]
            night.linger(in: area)
            let killed = Task { try await night.run(.stop) }
            try await night.inside(area) {
                killed.cancel()
                night.server.crash(seconds: 0.3)
            }
            _ = try await killed.value
            try await Task.sleep(for: .milliseconds(500))
            #expect(await night.records(of: Night.areas[2]).isEmpty)
            let outcome = try await night.run(.stop) { _ in .happened }
            #expect(outcome.failure == nil && outcome.questions.map(\.area) == [area])
            await expectOthersOnce(than: area, night, outcome)
            #expect(await night.records(of: area).values.allSatisfy { $0 <= 2 })
        }
    }

    /// A person who leaves lamellae out, or not.
    private final class Person: Supervisor {
        private let skipped = Mutex<Int?>(nil)
        func skip(_ lamella: Int?) { skipped.withLock { $0 = lamella } }
        func verdict(at checkpoint: Checkpoint) -> Verdict {
            guard let lamella = skipped.withLock({ $0 }) else { return .goOn }
            return Skip(grid: 1, lamella: lamella, reason: "thick ice").covers(checkpoint) ? .skip("thick ice") : .goOn
        }
        func untilReleased(at checkpoint: Checkpoint) {}
    }

    @Test func aLamellaThatIsSkippedInItsAcquisitionIsLeftOutWhenThatIsCutAndMayBeTakenBack() async throws {
        try await Night.with { night in
            let (cut, next) = (Night.areas[1], Night.areas[2])
            let person = Person()
            night.linger(in: cut)
            async let first = night.run(.stop, under: person)
            try await night.inside(cut) {
                person.skip(2)
                night.server.crash(seconds: 0.3)
            }
            let outcome = try await first
            #expect(outcome.failure == nil && outcome.questions.isEmpty && outcome.isWhole(Night.areas[0]))
            #expect(Set(outcome.targets.filter(\.isLeftOut).map(\.area)) == [cut, next])
            // The next run finds it as it was, asks nobody and takes nothing for changed settings.
            let exposures = await night.server.microscope.exposureLog().count
            let again = try await night.run(.stop, under: person)
            #expect(again.targets == outcome.targets && again.questions.isEmpty && again.failure == nil)
            #expect(again.report.lamellae.map(\.isSkipped) == [false, true] && again.report.lamellae[1].targets == 4)
            #expect(await night.server.microscope.exposureLog().count == exposures)
            // Taken back, what was cut is asked about, and what was not begun is acquired.
            person.skip(nil)
            let back = try await night.run(.stop, under: person) { _ in .repeat }
            #expect(back.failure == nil && back.questions.map(\.area) == [cut])
            #expect(Night.areas.allSatisfy(back.isWhole))
            #expect(await night.records(of: next) == Night.once)
            await expectOthersOnce(than: cut, night, back)
            for run in [outcome, again, back] {
                #expect(!run.events.contains { if case .note(let text) = $0 { text.contains("other settings") } else { false } })
            }
        }
    }

    @Test func aSkipThatComesTooLateForTheAcquisitionIsToldAndIsInTheReport() async throws {
        try await Night.with { night in
            let person = Person()
            night.linger(in: Night.areas[0])
            async let run = night.run(.stop, under: person)
            try await night.inside(Night.areas[0]) { person.skip(2) }
            let outcome = try await run
            #expect(outcome.failure == nil && Night.areas.allSatisfy(outcome.isWhole))
            #expect(outcome.warnings.contains { $0.contains("was to be skipped (thick ice), which came too late") }, "\(outcome.warnings)")
            #expect(outcome.report.lamellae.map(\.note) == ["", "to be skipped, which came too late: thick ice"])
        }
    }

    @Test func aFullDiskInsideAnAreaIsAskedAboutAndTheOthersAreWhole() async throws {
        try await Night.with { night in
            let area = Night.areas[1]
            // The first area has 26 images; the sixth of the second finds no space.
            night.server.microscope.faults.add([Fault(.diskFull, when: .init(command: "AcquireAtItems", after: 31))])
            let outcome = try await night.run(.stop) { _ in .happened }
            #expect(outcome.failure == nil && outcome.questions.map(\.area) == [area])
            await expectOthersOnce(than: area, night, outcome)
            #expect(outcome.images[area] == [3, 2])
            // The one that found the disk full was exposed and is in no file.
            #expect(await night.records(of: area).values.reduce(0, +) == 6)
        }
    }

    @Test func whoPressesStopIsAskedBeforeAnythingElseIsExposed() async throws {
        try await Night.with { night in
            let area = Night.areas[0]
            let others = Night.areas.dropFirst()
            night.linger(in: area)
            async let outcome = night.run(.stop) { _ in .skip }
            try await night.inside(area) { _ = await night.server.microscope.pressStop() }
            let ended = try await outcome
            #expect(ended.failure == nil && ended.questions.map(\.area) == [area])
            for other in others { #expect(await night.records(of: other) == Night.once) }
            let asked = ended.events.firstIndex { if case .asking = $0 { true } else { false } }
            let begins = ended.events.indices.filter { if case .started(.grid(1, "acquisition"), _, _) = ended.events[$0] { true } else { false } }
            #expect(begins.count == 2)
            #expect(try #require(begins.first) < #require(asked) && #require(asked) < #require(begins.last))
        }
    }

    @Test func aConnectionThatIsLostWhileSerialEMFinishesByItselfLeavesNothingToAsk() async throws {
        try await Night.with { night in
            night.linger(in: Night.areas[0])
            let first = Task { try await night.run(.stop) }
            try await night.inside(Night.areas[0]) { first.cancel() }
            _ = try await first.value
            // Nobody watches while SerialEM goes on; the next run finds it busy, or at rest with all done.
            while await night.records(of: Night.areas[2]) != Night.once { try await Task.sleep(for: .milliseconds(20)) }
            try await Task.sleep(for: .seconds(1))
            let exposures = await night.server.microscope.exposureLog().count
            let outcome = try await night.run(.stop)
            #expect(outcome.failure == nil && outcome.questions.isEmpty)
            for area in Night.areas {
                #expect(outcome.isWhole(area))
                #expect(await night.records(of: area) == Night.once)
            }
            #expect(await night.server.microscope.exposureLog().count == exposures)
        }
    }

    @Test func theQuestionNamesTiltsAndFilesOfTheAreaAndWhatEachAnswerDoes() async throws {
        try await Night.with { night in
            let area = Night.areas[1]
            let question = try #require(try await crashed(in: area, night, .stop, answering: .skip).questions.first)
            #expect((question.step.path, question.slot, question.grid) == ("grid-1/lamella-02/tilt-series-A1", 1, "G"))
            #expect(question.marker == "\(night.grid)/G_L02_tilt-series-A1_answer.txt")
            let text = question.request
            for words in [
                "'Acquire area \(area)' of grid G (slot 1) was cut short: ", "of 13 tilts of 2 targets exist", "the newest run file is \(area)_tgts_run01.txt, which stands at tilt ",
                "target 1: \(area)_ts_001.mrc has ", " of 13 tilts from ", "happened (what exists is taken as it is)",
                "repeat (it is acquired anew from its first tilt, though it is then exposed twice; what exists is kept beside it)", "skip (area \(area) is left out)",
                "a person who runs its script on the item \(area)_tgts.txt and lets it recover there answers happened afterwards",
            ] { #expect(text.contains(words), "\(words)\n\(text)") }
            #expect(question.next.contains("the session leaves area \(area) out, and the next run of the session asks again."))
        }
    }

    @Test func theSidecarNamesTheCutAreaWithItsNumbers() async throws {
        try await Night.with { night in
            let area = Night.areas[2]
            let outcome = try await crashed(in: area, night, .stop, answering: .happened)
            let record = try JSONValue.read("\(night.grid)/G_acquisition.json")
            let cut = try #require(record["cut_areas"]?.array)
            #expect(cut.map { $0["area"]?.string } == [area] && cut.map { $0["outcome"]?.string } == ["taken"])
            let rows = try #require(record["targets"]?.array).filter { $0["area"]?.string == area }
            #expect(rows.compactMap { $0["images"]?.integer } == outcome.images[area])
            #expect(rows.allSatisfy { $0["planned_images"]?.integer == Night.tilts && $0["acquired"]?.bool == false })
        }
    }

    @Test func aTiltSeriesThatSomebodyChangedIsToldOfByItsNameAndNothingIsExposedForIt() async throws {
        try await Night.with { night in
            let area = Night.areas[1]
            _ = try await crashed(in: area, night, .skip)
            let exposures = await night.server.microscope.exposureLog().count
            let file = "\(night.grid)/\(Night.areas[0])_ts_002.mrc"
            let handle = try #require(FileHandle(forUpdatingAtPath: file))
            // One byte of the last image.
            let end = try handle.seekToEnd()
            try handle.seek(toOffset: end - 1)
            let last = try #require(try handle.readToEnd()?.first)
            try handle.seek(toOffset: end - 1)
            try handle.write(contentsOf: [last ^ 1])
            try handle.close()
            let deleted = "\(night.grid)/\(Night.areas[2])_ts_001.mrc"
            try FileManager.default.removeItem(atPath: deleted)
            let again = try await night.run(.skip)
            #expect(again.warnings.filter { $0.contains("nothing is acquired again for it") } == [
                "\(file) was changed after 'Acquire area \(Night.areas[0])'; nothing is acquired again for it",
                "\(deleted), which 'Acquire area \(Night.areas[2])' left, has been deleted; nothing is acquired again for it",
            ])
            #expect(await night.server.microscope.exposureLog().count == exposures)
        }
    }
}
