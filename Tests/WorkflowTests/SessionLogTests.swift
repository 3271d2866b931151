import Foundation
import Synchronization
import Testing

@testable import Workflow

/// What the operator reads while a session runs, and afterwards.
struct SessionLogTests {
    /// A terminal that keeps what is written to it.
    private final class Screen: Sendable {
        private let text = Mutex("")
        var written: String { text.withLock { $0 } }
        func terminal(isInteractive: Bool, width: Int = 80) -> Terminal {
            Terminal(isInteractive: isInteractive, width: { width }) { new in self.text.withLock { $0 += new } }
        }
    }

    private let step = StepIdentifier.lamella(1, 3, "segmentation")

    private func log(_ screen: Screen, isInteractive: Bool, width: Int = 80) throws -> SessionLog {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).log").path
        return try SessionLog(path: path, terminal: screen.terminal(isInteractive: isInteractive, width: width))
    }

    @Test func aLogThatCannotBeWrittenIsToldOfOnceAndTheSessionGoesOn() throws {
        let screen = Screen()
        let told = Mutex<[String]>([])
        let log = try SessionLog(path: "/dev/full", terminal: screen.terminal(isInteractive: false)) { event in
            if case .obstructed(let text, let next) = event { told.withLock { $0.append("\(text) \(next)") } }
        }
        for number in 1 ... 3 { log.take(.note("line \(number)")) }
        #expect(told.withLock { $0.count } == 1)
        #expect(told.withLock { $0.first }?.hasPrefix("The session's log /dev/full cannot be written (") == true)
        #expect(told.withLock { $0.first }?.hasSuffix("The session goes on; its journal and the service's log have what the log lacks.") == true)
        #expect(screen.written.contains("line 3"))
    }

    @Test func aFileGetsPlainLinesWithoutTheBeginningOfShortSteps() throws {
        let screen = Screen()
        let log = try log(screen, isInteractive: false)
        log.take(.started(step, title: "Segment lamella 3", exposing: false))
        log.take(.finished(step, title: "Segment lamella 3", duration: .seconds(2)))
        log.take(.progress(phase: "G01", done: 1, total: 100))
        log.take(.progress(phase: "G01", done: 2, total: 100))
        #expect(screen.written == "done       Segment lamella 3 (2.0 s)\n")
    }

    @Test func aFileGetsProgressAtEveryTenth() throws {
        let screen = Screen()
        let log = try log(screen, isInteractive: false)
        for done in 0 ... 100 { log.take(.progress(phase: "G01", done: Double(done), total: 100)) }
        #expect(screen.written.split(separator: "\n").count == 10)
        #expect(!screen.written.contains("\u{1B}"))
    }

    @Test func aTerminalKeepsOneStatusLineBelowWhatStays() throws {
        let screen = Screen()
        let log = try log(screen, isInteractive: true)
        log.take(.progress(phase: "G01", done: 1, total: 4))
        log.take(.started(step, title: "Segment lamella 3", exposing: false))
        log.take(.note("a note"))
        #expect(screen.written.contains("\r\u{1B}[KG01: 25 % | Segment lamella 3"))
        #expect(screen.written.contains("\r\u{1B}[K           a note\nG01: 25 % | Segment lamella 3"))
        log.take(.finished(step, title: "Segment lamella 3", duration: .seconds(1)))
        #expect(screen.written.hasSuffix("\r\u{1B}[KG01: 25 %"))
    }

    @Test func nothingStandsBelowTheLastLine() throws {
        let screen = Screen()
        let log = try log(screen, isInteractive: true)
        log.take(.progress(phase: "G01", done: 1, total: 4))
        log.take(.sessionEnded("stopped"))
        #expect(screen.written.hasSuffix("\r\u{1B}[K\r\u{1B}[KEND        stopped\n"))
    }

    @Test func theStatusLineNeverWraps() throws {
        let screen = Screen()
        let log = try log(screen, isInteractive: true, width: 20)
        log.take(.started(step, title: "Segment lamella 3 with a very long name", exposing: false))
        #expect(screen.written == "\r\u{1B}[KSegment lamella 3 w")
    }

    @Test func stepsOfAnEarlierRunAreCountedRatherThanListed() throws {
        let screen = Screen()
        let log = try log(screen, isInteractive: false)
        for number in 1 ... 3 { log.take(.skipped(.lamella(1, number, "centre"), title: "Measure the centre")) }
        log.take(.note("on"))
        #expect(screen.written == "           3 steps had been done before\n           on\n")
    }

    @Test func theTimeLeftCountsOnlyWhatWasDoneToday() {
        var left = TimeLeft()
        _ = left.take(phase: "G01", fraction: 0, at: .seconds(0))
        _ = left.take(phase: "G01", fraction: 0.8, at: .seconds(1))
        left.restart(at: .seconds(1))
        #expect(left.left(at: .seconds(1)) == nil)
        _ = left.take(phase: "G01", fraction: 0.9, at: .seconds(11))
        let seconds = left.left(at: .seconds(11)).map { Double($0.components.seconds) }
        #expect(seconds == 9 || seconds == 10)
    }

    @Test func thereIsNoTimeLeftAtTheEnd() {
        var left = TimeLeft()
        _ = left.take(phase: "G01", fraction: 0, at: .seconds(0))
        _ = left.take(phase: "G01", fraction: 1, at: .seconds(60))
        #expect(left.left(at: .seconds(60)) == nil)
    }

    @Test func progressNeverGoesBack() {
        var left = TimeLeft()
        _ = left.take(phase: "G01", fraction: 0.3, at: .seconds(0))
        _ = left.take(phase: "G01", fraction: 0.2, at: .seconds(1))
        #expect(left.fraction == 0.3)
    }
}
