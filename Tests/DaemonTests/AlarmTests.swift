@testable import Daemon
import Foundation
import Hummingbird
import HTTPTypes
import Logging
import NIOCore
import Store
import Synchronization
import Testing
@testable import Workflow

/// Alarms reach those who want them, whatever becomes of a receiver.
@Suite struct AlarmTests {
    /// A webhook that refuses the first messages.
    private final class Hook: Sendable {
        private let texts = Mutex<[String]>([])
        private let refused: Mutex<Int>
        private let refusal: HTTPResponse.Status
        private let ports = AsyncStream.makeStream(of: Int.self)
        var all: [String] { texts.withLock { $0 } }

        init(refusing count: Int, with refusal: HTTPResponse.Status = .serviceUnavailable) {
            refused = Mutex(count)
            self.refusal = refusal
        }

        private struct Message: Decodable { let text: String }

        func take(_ body: Data) throws -> HTTPResponse.Status {
            let isRefused = refused.withLock { left in
                defer { left = max(0, left - 1) }
                return left > 0
            }
            if isRefused { return refusal }
            let message = try JSONDecoder().decode(Message.self, from: body)
            texts.withLock { $0.append(message.text) }
            return .ok
        }

        func with(_ body: @Sendable (Int) async throws -> Void) async throws {
            let router = Router()
            router.post("/secret-path") { [self] request, _ in
                Response(status: try take(Data(try await request.body.collect(upTo: 1 << 16).readableBytesView)))
            }
            let application = Application(
                router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
                onServerRunning: { [ports] in ports.continuation.yield($0.localAddress?.port ?? 0) },
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await application.run() }
                for await port in ports.stream {
                    try await body(port)
                    break
                }
                group.cancelAll()
            }
        }
    }

    @Test func theAlarmOfAQuestionNamesTheStepThatIsAskedAbout() async throws {
        final class Ear: AlarmReceiver {
            let name = "the ear"
            let heard = Mutex<[Alarm]>([])
            func send(_ alarm: Alarm) async throws { heard.withLock { $0.append(alarm) } }
        }
        let ear = Ear()
        try await withFolder { folder in
            try await RunningService.with(folder: folder, sessions: ScriptedSessions(), receivers: [ear]) { service in
                try await service.add("a", grids: "[1]")
                try await service.step("Map grid 1")
                await service.service.take(
                    .asking(
                        StepQuestion(
                            step: .lamella(1, 2, "medium-map"), title: "Map lamella 2", slot: 1, grid: "G", reason: "half is there", evidence: ["3 images"],
                            marker: folder + "/answer", since: .now, until: .now + 3600, refusal: nil)))
                while ear.heard.withLock(\.isEmpty) { try await Task.sleep(for: .milliseconds(5)) }
                #expect(ear.heard.withLock { $0.first?.step } == "Map lamella 2")
            }
        }
    }

    /// Never takes anything.
    private struct Deaf: AlarmReceiver {
        let name = "the deaf one"
        func send(_ alarm: Alarm) async throws { throw AlarmFailure("the deaf one hears nothing") }
    }

    /// Takes all but one.
    private final class Picky: AlarmReceiver {
        let name = "the picky one"
        private let taken = Mutex<[Int64]>([])
        func send(_ alarm: Alarm) async throws {
            guard alarm.id != 1 else { throw AlarmFailure("the picky one dislikes alarm 1") }
            taken.withLock { $0.append(alarm.id) }
        }
        var all: [Int64] { taken.withLock { $0 } }
        private let ended = Mutex<[Int64]>([])
        /// Those that are owed to nobody any more.
        var settled: [Int64] { ended.withLock { $0 } }
        func settle(_ alarm: Alarm) { ended.withLock { $0.append(alarm.id) } }
    }

    @Test func anAlarmThatAReceiverNeverTakesHoldsUpNoneOfTheOthers() async throws {
        let picky = Picky()
        let desk = AlarmDesk([picky], pauses: [.milliseconds(1), .milliseconds(2)])
        for id in 1 ... 5 {
            desk.take(Alarm(id: Int64(id), time: Date(), kind: "run", text: "Alarm \(id)", session: nil, sessionName: nil, grid: nil, step: nil, lastImage: nil, next: "Nothing."))
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await desk.run(settled: { alarm, _ in picky.settle(alarm) }, report: { _ in }) }
            group.addTask {
                // Against hanging.
                for _ in 0 ..< 3000 where picky.settled.count < 4 { try? await Task.sleep(for: .milliseconds(10)) }
            }
            await group.next()
            group.cancelAll()
        }
        #expect(picky.all == [2, 3, 4, 5])
        #expect(picky.settled == [2, 3, 4, 5])
    }

    private func withService(
        _ receivers: [any AlarmReceiver], reminder: Duration? = nil, stepLimit: StepLimit = StepLimit(),
        _ body: @escaping @Sendable (RunningService, ScriptedSessions) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            let sessions = ScriptedSessions()
            try await RunningService.with(
                folder: folder, sessions: sessions, receivers: receivers, reminder: reminder, stepLimit: stepLimit
            ) { try await body($0, sessions) }
        }
    }

    @Test func slackGetsItsOwnMarksEscaped() {
        #expect(Webhook.escaped("L<nn>_points<k>.json & more") == "L&lt;nn&gt;_points&lt;k&gt;.json &amp; more")
    }

    @Test func aWebhookThatIsDownIsTriedAgainAndItsAddressStandsInNoLog() async throws {
        let hook = Hook(refusing: 2)
        try await hook.with { port in
            let webhook = Webhook(url: "http://127.0.0.1:\(port)/secret-path")
            try await withService([webhook]) { service, sessions in
                sessions.fail(with: WorkflowError.badModel("No such class."))
                try await service.add("a")
                try await service.status { _ in !hook.all.isEmpty }
                #expect(hook.all == ["session 'a' failed: No such class.\nSession: a\nNext: The queue goes on with the next session; 'tomopilot queue retry 1' tries this one again."])
                try await service.logged { $0.text.hasPrefix("the webhook has taken alarm ") }
                let log = try await service.log()
                #expect(log.contains { $0.text == "the webhook answered with status 503; it is tried again" })
                #expect(!log.contains { $0.text.contains("secret-path") })
            }
        }
    }

    @Test func anAlarmThatIsRefusedForGoodIsGivenUpAndTheNextOneIsSent() async throws {
        let hook = Hook(refusing: 1, with: .notFound)
        try await hook.with { port in
            try await withService([Webhook(url: "http://127.0.0.1:\(port)/secret-path")]) { service, sessions in
                sessions.fail(with: WorkflowError.badModel("No such class."))
                try await service.add("a")
                try await service.logged {
                    $0.text.hasPrefix("the webhook answered with status 404; alarm ") && $0.text.hasSuffix(" is given up there, for it would be refused again")
                }
                try await service.service.alarm("second", next: "", kind: "test", session: nil)
                try await service.status { _ in !hook.all.isEmpty }
                #expect(hook.all == ["second\nNext: "])
                #expect(try await service.service.store.undelivered(to: "the webhook", most: 9).count <= 1)
            }
        }
    }

    @Test("A webhook that asks for another time is tried again", arguments: [HTTPResponse.Status.requestTimeout, .tooManyRequests])
    func otherTime(refusal: HTTPResponse.Status) async throws {
        let hook = Hook(refusing: 1, with: refusal)
        try await hook.with { port in
            try await withService([Webhook(url: "http://127.0.0.1:\(port)/secret-path")]) { service, sessions in
                sessions.fail(with: WorkflowError.badModel("No such class."))
                try await service.add("a")
                try await service.status { _ in hook.all.first?.hasPrefix("session 'a' failed") == true }
            }
        }
    }

    @Test func aReceiverThatIsDownForGoodHoldsUpNeitherOthersNorTheSession() async throws {
        let hook = Hook(refusing: 0)
        try await hook.with { port in
            let receivers: [any AlarmReceiver] = [Deaf(), Webhook(url: "http://127.0.0.1:\(port)/secret-path")]
            try await withService(receivers, stepLimit: StepLimit(least: .zero, interval: .milliseconds(5))) { service, sessions in
                try await service.add("a", grids: "[1]")
                try await service.status { _ in !hook.all.isEmpty }
                let lines = try #require(hook.all.first).split(separator: "\n").map(String.init)
                #expect(lines.first?.hasPrefix("'Map grid 1' of session 'a' has run for ") == true)
                #expect(Array(lines.dropFirst()) == ["Session: a", "Step: Map grid 1", "Next: The session waits for it; look at SerialEM."])
                sessions.allow(steps: 1)
                try await service.status(.idle)
                #expect(try await service.queue() == "a done")
                try await service.logged { $0.text == "the deaf one hears nothing; it is tried again" }
            }
        }
    }

    @Test func aGridThatFailedAndIsSkippedIsAnAlarmAndTheSessionGoesOn() async throws {
        let hook = Hook(refusing: 0)
        try await hook.with { port in
            try await withService([Webhook(url: "http://127.0.0.1:\(port)/secret-path")]) { service, sessions in
                sessions.tell(.gridFailed(slot: 12, name: "Bent_12", reason: "It is stuck.", next: "The session goes on with the next grid."))
                sessions.allow(steps: 1)
                try await service.add("a", grids: "[1]")
                try await service.status { _ in !hook.all.isEmpty }
                #expect(hook.all == ["Grid Bent_12 (slot 12) is skipped: It is stuck.\nSession: a\nNext: The session goes on with the next grid."])
                try await service.status(.idle)
                #expect(try await service.queue() == "a done")
                #expect(try await service.log().contains { $0.kind == "grid" && $0.level == .alarm })
            }
        }
    }

    @Test func lamellaeThatFailOneAfterTheOtherAreAnAlarm() async throws {
        let hook = Hook(refusing: 0)
        try await hook.with { port in
            try await withService([Webhook(url: "http://127.0.0.1:\(port)/secret-path")]) { service, sessions in
                sessions.tell(.lamellaeFailed(slot: 2, name: "Yeast_2", row: 3, reason: "It is stuck.", next: "The session goes on."))
                sessions.allow(steps: 1)
                try await service.add("a", grids: "[2]")
                try await service.status { _ in !hook.all.isEmpty }
                #expect(hook.all == ["3 lamellae of grid Yeast_2 (slot 2) in a row failed, the last one with: It is stuck.\nSession: a\nNext: The session goes on."])
                try await service.status(.idle)
            }
        }
    }

    @Test func whatNobodyTookIsDeliveredByTheNextServiceAndOnlyOnce() async throws {
        try await withFolder { folder in
            let first = ScriptedSessions()
            first.fail(with: WorkflowError.badModel("No such class."))
            let down = Hook(refusing: .max)
            try await down.with { port in
                try await RunningService.with(
                    folder: folder, sessions: first, receivers: [Webhook(url: "http://127.0.0.1:\(port)/secret-path")]
                ) { service in
                    try await service.add("a", query: "?on_failure=stop")
                    try await service.logged { $0.text == "the webhook answered with status 503; it is tried again" }
                }
            }
            let up = Hook(refusing: 0)
            try await up.with { port in
                let webhook = Webhook(url: "http://127.0.0.1:\(port)/secret-path")
                for news in ["first news", "second news"] {
                    try await RunningService.with(folder: folder, sessions: ScriptedSessions(), receivers: [webhook]) { service in
                        try await service.status { _ in !up.all.isEmpty }
                        // What comes next comes after all that was owed.
                        try await service.service.alarm(news, next: "", kind: "test", session: nil)
                        try await service.status { _ in up.all.last?.hasPrefix(news) == true }
                    }
                }
                #expect(up.all.filter { $0.hasPrefix("session 'a' failed: No such class.") }.count == 1)
            }
            // The last one may have been taken by a service that ended before it wrote that down.
            let store = try QueueStore(path: folder + "/tomopilot.sqlite")
            #expect(try await store.undelivered(to: "the webhook", most: 9).count <= 1)
        }
    }

    @Test func peopleAreRemindedOfAQueueThatWaitsForThem() async throws {
        try await withService([], reminder: .milliseconds(20)) { service, sessions in
            sessions.fail(with: WorkflowError.badModel("No such class."))
            try await service.add("a", query: "?on_failure=stop")
            try await service.add("b")
            try await service.logged { $0.kind == "reminder" && $0.level == .alarm }
            let reminder = try await service.log().first { $0.kind == "reminder" }
            #expect(reminder?.text.hasPrefix("Still, after ") == true)
            #expect(reminder?.text.hasSuffix(
                "the queue is held: session 'a' failed: No such class. It waits until somebody resumes it: tomopilot resume.") == true)
        }
    }

    @Test func theNewestPictureOfTheGridIsNamed() async throws {
        try await withFolder { folder in
            let maps = folder + "/G/SPACE_maps"
            try FileManager.default.createDirectory(atPath: maps, withIntermediateDirectories: true)
            #expect(SessionService.lastImage(in: folder, grid: "G") == nil)
            try Data().write(to: URL(fileURLWithPath: folder + "/G/G.mrc"))
            #expect(SessionService.lastImage(in: folder, grid: "G") == folder + "/G/G.mrc")
            for (name, time) in [("old", 100.0), ("new", 300.0), ("other", 200.0)] {
                try Data().write(to: URL(fileURLWithPath: "\(maps)/\(name).png"))
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSince1970: time)], ofItemAtPath: "\(maps)/\(name).png")
            }
            #expect(SessionService.lastImage(in: folder, grid: "G") == maps + "/new.png")
            #expect(SessionService.lastImage(in: folder, grid: nil) == nil)
        }
    }
}
