@testable import Daemon
import NIOCore
import NIOPosix
import Testing

/// Connections that say nothing, or too little, take nothing from those who ask.
@Suite(.timeLimit(.minutes(2))) struct ConnectionLimitTests {
    typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private func withService(
        connections: Int? = nil, patience: Duration = .seconds(600), longestBody: Duration = APICall.longestBody,
        _ body: @escaping @Sendable (Int, SessionService) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            try await RunningService.with(
                folder: folder, sessions: ScriptedSessions(), connections: connections, patience: patience, longestBody: longestBody
            ) { try await body($0.port, $0.service) }
        }
    }

    private func connection(_ port: Int) async throws -> Connection {
        try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture { try Connection(wrappingChannelSynchronously: channel) }
        }
    }

    /// All that comes until the service closes the connection, or until it has a text.
    private func heard(_ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, until text: String? = nil) async throws -> String {
        var heard = ""
        for try await part in inbound {
            heard += String(buffer: part)
            if let text, heard.contains(text) { return heard }
        }
        return heard
    }

    private static let question = ByteBuffer(string: "GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")

    @Test func whoeverComesBeyondTheLimitIsToldSoAndIsServedWhenThereIsRoom() async throws {
        try await withService(connections: 1) { port, _ in
            try await connection(port).executeThenClose { inbound, outbound in
                try await outbound.write(Self.question)
                #expect(try await heard(inbound, until: "idle").hasPrefix("HTTP/1.1 200 OK"))
                try await connection(port).executeThenClose { inbound, _ in
                    // It is told before it asks.
                    let answer = try await heard(inbound)
                    #expect(answer.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
                    #expect(
                        answer.hasSuffix(
                            "{\"error\":\"The service has 1 connections already and takes no more; close some, or ask again in a minute.\"}"))
                }
            }
            // The service learns of the end of a connection a moment later.
            var answer = ""
            while !answer.hasPrefix("HTTP/1.1 200 OK") {
                answer = try await connection(port).executeThenClose { inbound, outbound in
                    // One that is refused may be closed by now.
                    try? await outbound.write(Self.question)
                    return try await heard(inbound, until: "}")
                }
            }
        }
    }

    @Test("A connection without a whole head is closed", arguments: ["", "GET /v1/st", "GET /v1/status HTTP/1.1\r\nHost: "])
    func half(head: String) async throws {
        try await withService(patience: .milliseconds(100)) { port, _ in
            try await connection(port).executeThenClose { inbound, outbound in
                // Closed is what it shall be; whether that is seen as an end or as an error is the system's affair.
                if !head.isEmpty { try? await outbound.write(ByteBuffer(string: head)) }
                let answer = try? await heard(inbound)
                #expect(answer?.contains("200 OK") != true)
            }
        }
    }

    @Test func halfABodyIsAnswered408() async throws {
        try await withService(longestBody: .milliseconds(200)) { port, _ in
            try await connection(port).executeThenClose { inbound, outbound in
                try await outbound.write(
                    ByteBuffer(string: "POST /v1/queue HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nsession_dir: "))
                let answer = try await heard(inbound, until: "}")
                #expect(answer.hasPrefix("HTTP/1.1 408 "))
                #expect(answer.hasSuffix("{\"error\":\"The rest of the request did not come within 0.2 s.\"}"))
            }
        }
    }

    @Test func whoReadsEventsIsNoSilentConnection() async throws {
        try await withService(patience: .milliseconds(500)) { port, service in
            var heard = ""
            // On a busy machine the question may come too late, and another one is asked.
            while !heard.hasPrefix("HTTP/1.1 200 OK") {
                heard = try await connection(port).executeThenClose { inbound, outbound in
                    try? await outbound.write(ByteBuffer(string: "GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                    var lines = inbound.makeAsyncIterator()
                    guard let first = try? await lines.next() else { return "" }
                    var heard = String(buffer: first)
                    try await Task.sleep(for: .seconds(1))
                    try await service.log("still here", kind: "test")
                    while !heard.contains("still here") { heard += String(buffer: try #require(try await lines.next())) }
                    return heard
                }
            }
        }
    }

    @Test func theSessionKeepsMostOfTheFiles() {
        OpenFiles.allowMore()
        #expect((4 ... 128).contains(OpenFiles.connections))
    }
}
