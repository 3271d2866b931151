@testable import Daemon
import Foundation
import NIOCore
import NIOPosix
import Synchronization
import Testing
import Workflow

/// A mail server that takes what it gets and keeps what it heard.
final class MailServer: Sendable {
    typealias Client = NIOAsyncChannel<ByteBuffer, ByteBuffer>
    let port: Int
    private let channel: NIOAsyncChannel<Client, Never>
    private let heard = Mutex<[String]>([])
    private let refusals: [String: String]

    /// All lines of all clients.
    var lines: [String] { heard.withLock { $0 } }

    private init(channel: NIOAsyncChannel<Client, Never>, refusals: [String: String]) {
        self.channel = channel
        self.refusals = refusals
        port = channel.channel.localAddress?.port ?? 0
    }

    /// - Parameter refusals: replies by a command or its first word, in place of the usual one.
    static func with(refusals: [String: String] = [:], _ body: @Sendable (MailServer) async throws -> Void) async throws {
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0) { client in
                client.eventLoop.makeCompletedFuture { try Client(wrappingChannelSynchronously: client) }
            }
        let server = MailServer(channel: channel, refusals: refusals)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            try await body(server)
            group.cancelAll()
        }
    }

    private func run() async throws {
        try await channel.executeThenClose { clients in
            // A client that goes in the middle is what some tests want.
            for try await client in clients { try? await serve(client) }
        }
    }

    private func serve(_ client: Client) async throws {
        try await client.executeThenClose { lines, out in
            func say(_ text: String) async throws { try await out.write(ByteBuffer(string: text + "\r\n")) }
            try await say("220 mail.test")
            var pending = ""
            var isText = false
            for try await part in lines {
                pending += String(buffer: part)
                while let end = pending.range(of: "\r\n") {
                    let line = String(pending[..<end.lowerBound])
                    pending.removeSubrange(..<end.upperBound)
                    heard.withLock { $0.append(line) }
                    let word = String(line.prefix { $0 != " " && $0 != ":" })
                    if isText {
                        guard line == "." else { continue }
                        isText = false
                        try await say(refusals["."] ?? "250 taken")
                    } else if let refusal = refusals[line] ?? refusals[word] {
                        try await say(refusal)
                    } else {
                        switch word {
                        case "EHLO": try await say("250-mail.test\r\n250-SIZE 1000000\r\n250 AUTH PLAIN")
                        case "AUTH": try await say("235 welcome")
                        case "DATA":
                            isText = true
                            try await say("354 go on")
                        case "QUIT":
                            try await say("221 bye")
                            return
                        default: try await say("250 ok")
                        }
                    }
                }
            }
        }
    }
}

/// Mail, as a server sees it.
@Suite struct MailTests {
    static let alarm = Alarm(
        id: 7, time: Date(timeIntervalSince1970: 1_700_000_000), kind: "overdue", text: "'Map lamella 3' hat für 20 min nichts getan.", session: 1,
        sessionName: "monday", grid: "HeLa_1", step: "Map lamella 3", lastImage: "/data/s/HeLa_1/SPACE_maps/HeLa_1_L03.png",
        next: "The session waits for it.")

    private func settings(_ port: Int, _ more: String = "") throws -> AlarmSettings.Mail {
        try #require(
            try AlarmSettings(
                yaml: "smtp_host: 127.0.0.1\nsmtp_port: \(port)\nmail_from: scope@example.org\nmail_to: [a@example.org, b@example.org]\n\(more)",
                file: "alarms.yaml"
            ).mail)
    }

    /// What people read.
    private func text(of lines: [String]) throws -> String {
        let empty = try #require(lines.firstIndex(of: ""))
        let body = lines[(empty + 1)...].prefix { $0 != "." }.joined()
        return String(decoding: try #require(Data(base64Encoded: body)), as: UTF8.self)
    }

    @Test func aMailSaysWhereWhatAndWhatComesNext() async throws {
        try await MailServer.with { server in
            try await Mailbox(try settings(server.port), password: nil).send(Self.alarm)
            let lines = server.lines
            #expect(Array(lines.prefix(5)) == [
                "EHLO tomopilot", "MAIL FROM:<scope@example.org>", "RCPT TO:<a@example.org>", "RCPT TO:<b@example.org>", "DATA",
            ])
            #expect(lines.contains("To: a@example.org, b@example.org"))
            #expect(lines.contains("Date: Tue, 14 Nov 2023 22:13:20 +0000"))
            #expect(lines.allSatisfy { $0.utf8.count <= 998 && $0.utf8.allSatisfy { $0 < 127 } })
            #expect(try text(of: lines) == [
                Self.alarm.text, "Session: monday", "Grid: HeLa_1", "Step: Map lamella 3",
                "Last image: /data/s/HeLa_1/SPACE_maps/HeLa_1_L03.png", "Next: The session waits for it.",
            ].joined(separator: "\r\n"))
        }
    }

    @Test func aPasswordIsSentInOneCommandAndStandsInNoError() async throws {
        try await MailServer.with(refusals: ["AUTH": "535 no"]) { server in
            let box = Mailbox(try settings(server.port, "smtp_user: scope\n"), password: "secret")
            let failure = await #expect(throws: AlarmFailure.self) { try await box.send(Self.alarm) }
            #expect(failure?.description == "the mail server answered AUTH with 535 no")
            #expect(server.lines.contains("AUTH PLAIN \(Data("\0scope\0secret".utf8).base64EncodedString())"))
        }
    }

    @Test(arguments: [
        (["RCPT": "550 no such user"], "the mail server answered RCPT TO:<a@example.org> with 550 no such user"),
        ([".": "452 the disk is full"], "the mail server answered the message with 452 the disk is full"),
        (["EHLO": "what"], "the mail server's answer to EHLO tomopilot is no SMTP"),
    ])
    func aServerThatRefusesIsQuoted(refusals: [String: String], message: String) async throws {
        try await MailServer.with(refusals: refusals) { server in
            let box = Mailbox(try settings(server.port), password: nil)
            let failure = await #expect(throws: AlarmFailure.self) { try await box.send(Self.alarm) }
            #expect(failure?.description == message)
        }
    }

    @Test func oneAddressThatIsRefusedDoesNotKeepTheOtherFromBeingTold() async throws {
        try await MailServer.with(refusals: ["RCPT TO:<a@example.org>": "550 no such user"]) { server in
            try await Mailbox(try settings(server.port), password: nil).send(Self.alarm)
            #expect(server.lines.contains("RCPT TO:<b@example.org>"))
            let text = try text(of: server.lines)
            #expect(text.hasSuffix("\r\nNot everybody was reached: the mail server answered RCPT TO:<a@example.org> with 550 no such user"))
        }
    }

    @Test("What a server refuses for good is not sent again", arguments: [
        (["RCPT": "550 no such user"], true), (["RCPT TO:<a@example.org>": "550 no such user", "RCPT TO:<b@example.org>": "450 later"], false),
        (["DATA": "554 no"], true), ([".": "452 the disk is full"], false), (["EHLO": "what"], false),
    ])
    func permanence(refusals: [String: String], isPermanent: Bool) async throws {
        try await MailServer.with(refusals: refusals) { server in
            let failure = await #expect(throws: AlarmFailure.self) { try await Mailbox(try settings(server.port), password: nil).send(Self.alarm) }
            #expect(failure?.isPermanent == isPermanent)
        }
    }

    @Test func withoutTheEncryptionThatIsAskedForNothingIsSent() async throws {
        try await MailServer.with { server in
            let box = Mailbox(try settings(server.port, "smtp_user: scope\nsmtp_security: starttls\n"), password: "secret")
            let failure = await #expect(throws: AlarmFailure.self) { try await box.send(Self.alarm) }
            #expect(failure?.description.contains("does not offer STARTTLS") == true)
            #expect(server.lines == ["EHLO tomopilot"])
        }
    }

    @Test func aServerThatIsNotThereIsNamed() async throws {
        let box = Mailbox(try settings(1), password: nil)
        let failure = await #expect(throws: AlarmFailure.self) { try await box.send(Self.alarm) }
        #expect(failure?.description.hasPrefix("the mail server 127.0.0.1:1 cannot be reached: ") == true)
    }
}
