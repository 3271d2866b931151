import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Workflow

/// One conversation with a mail server (RFC 5321), with STARTTLS (RFC 3207) and AUTH PLAIN (RFC 4954).
///
///     connect ─ 220 ─ EHLO ─ [STARTTLS ─ TLS ─ EHLO] ─ [AUTH] ─ MAIL ─ RCPT… ─ DATA ─ text ─ QUIT
struct SMTPSession: Sendable {
    let settings: AlarmSettings.Mail
    let password: String?

    typealias Channel = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// - Parameter message: makes the message, knowing what the server said of those that it does not reach.
    /// - Throws: ``AlarmFailure``, without the password.
    func deliver(_ message: ([String]) -> String) async throws {
        do {
            let channel = try await connect()
            try await channel.executeThenClose { inbound, outbound in
                var talk = SMTPTalk(replies: inbound.makeAsyncIterator(), out: outbound)
                try await converse(&talk, channel.channel, message)
            }
        } catch let failure as AlarmFailure {
            throw failure
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw AlarmFailure("the mail server \(address) cannot be reached: \(Self.words(error))")
        }
    }

    private var address: String { "\(settings.host):\(settings.port)" }

    private static func words(_ error: any Error) -> String {
        switch error {
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case is NIOConnectionError: "nobody listens there, or the name is not known"
        case is NIOSSLError, is BoringSSLError: "no encrypted connection came about (\(error))"
        default: "\(type(of: error))"
        }
    }

    private func connect() async throws -> Channel {
        let tls = settings.security == .tls ? try tlsHandler() : nil
        return try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(.seconds(20))
            .connect(host: settings.host, port: settings.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: tls, serverHostname: serverName)) }
                    return try Channel(wrappingChannelSynchronously: channel)
                }
            }
    }

    private func tlsHandler() throws -> NIOSSLContext { try NIOSSLContext(configuration: .makeClientConfiguration()) }

    /// TLS knows servers by name only.
    private var serverName: String? {
        (try? SocketAddress(ipAddress: settings.host, port: settings.port)) == nil ? settings.host : nil
    }

    private func converse(_ talk: inout SMTPTalk, _ channel: any NIOCore.Channel, _ message: ([String]) -> String) async throws {
        try await talk.expect(220, to: "the connection")
        var offers = try await talk.ask("EHLO tomopilot", expecting: 250)
        if settings.security == .starttls {
            guard offers.contains(where: { $0.uppercased().hasPrefix("STARTTLS") }) else {
                throw AlarmFailure("the mail server \(address) does not offer STARTTLS, which smtp_security asks for")
            }
            try await talk.ask("STARTTLS", expecting: 220)
            let context = try tlsHandler()
            let name = serverName
            try await channel.eventLoop.submit {
                try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: name), position: .first)
            }.get()
            offers = try await talk.ask("EHLO tomopilot", expecting: 250)
        }
        if let user = settings.user, let password {
            // Nothing of it stands in an error: the server's answer does not repeat it.
            let token = Data("\0\(user)\0\(password)".utf8).base64EncodedString()
            try await talk.ask("AUTH PLAIN \(token)", named: "AUTH", expecting: 235)
        }
        try await talk.ask("MAIL FROM:<\(settings.from)>", expecting: 250)
        // One address that is no more must not keep the others from being told.
        var refusals: [AlarmFailure] = []
        for receiver in settings.to {
            do {
                try await talk.ask("RCPT TO:<\(receiver)>", expecting: 250)
            } catch let refusal as AlarmFailure {
                refusals.append(refusal)
            }
        }
        if refusals.count == settings.to.count, let refusal = refusals.first(where: { !$0.isPermanent }) ?? refusals.first { throw refusal }
        try await talk.ask("DATA", expecting: 354)
        // A line that is only a dot would end the text.
        let text = message(refusals.map(\.description)).components(separatedBy: "\r\n").map { $0.hasPrefix(".") ? "." + $0 : $0 }.joined(separator: "\r\n")
        try await talk.ask(text + "\r\n.", named: "the message", expecting: 250)
        // It is taken; how the server says good-bye changes nothing.
        _ = try? await talk.ask("QUIT", expecting: 221)
    }
}

/// Commands and replies, line by line.
struct SMTPTalk {
    private var replies: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let out: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var pending = ByteBuffer()

    /// No reply of a mail server is longer.
    private static let longest = 65536

    init(replies: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator, out: NIOAsyncChannelOutboundWriter<ByteBuffer>) {
        self.replies = replies
        self.out = out
    }

    /// Sends a line and waits for the reply, whose lines come back without their code.
    ///
    /// - Parameter name: what stands in an error; a command with a secret has one.
    @discardableResult
    mutating func ask(_ line: String, named name: String? = nil, expecting code: Int) async throws -> [String] {
        try await out.write(ByteBuffer(string: line + "\r\n"))
        return try await expect(code, to: name ?? line)
    }

    @discardableResult
    mutating func expect(_ code: Int, to question: String) async throws -> [String] {
        var lines: [String] = []
        while true {
            let line = try await nextLine()
            guard line.count >= 3, let found = Int(line.prefix(3)) else {
                throw AlarmFailure("the mail server's answer to \(question) is no SMTP")
            }
            lines.append(String(line.dropFirst(4)))
            guard line.dropFirst(3).first != "-" else { continue }
            // 251: taken, and sent on.
            guard found == code || (code == 250 && found == 251) else {
                // What begins with 5 is refused for good (RFC 5321, 4.2.1).
                throw AlarmFailure(
                    "the mail server answered \(question) with \(found) \(String(lines.joined(separator: " ").prefix(200)))",
                    isPermanent: (500 ..< 600).contains(found))
            }
            return lines
        }
    }

    private mutating func nextLine() async throws -> String {
        while true {
            if let end = pending.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
                let length = end - pending.readerIndex + 1
                let line = pending.readString(length: length) ?? ""
                return line.trimmingCharacters(in: .newlines)
            }
            guard pending.readableBytes < Self.longest, var more = try await replies.next() else {
                throw AlarmFailure("the mail server closed the connection, or sent no line")
            }
            pending.writeBuffer(&more)
        }
    }
}
