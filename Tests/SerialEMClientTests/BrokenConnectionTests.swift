import Foundation
import Logging
import SerialEMClient
import SerialEMProtocol
import Testing

@Suite struct BrokenConnectionTests {
    @Test func nobodyListening() async throws {
        // A port that is taken but has nobody behind it: bound, and never listened on.
        let held = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(held) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(held, $0, length) == 0 && getsockname(held, $0, &length) == 0
            }
        }
        try #require(bound)
        let port = Int(UInt16(bigEndian: address.sin_port))
        let error = await failure {
            _ = try await SerialEMConnection.connect(host: "127.0.0.1", port: port, logger: Logger(label: "test"))
        }
        #expect(error?.code == .unreachable)
        #expect(
            error?.message
                == "No connection to SerialEM at 127.0.0.1:\(port) (connection refused): start SerialEM there, set its property "
                + "EnableExternalPython to 1 and check host and port.")
    }

    @Test func aServerOfAnotherKindIsRecognisedByWhatItSays() async throws {
        try await ScriptedServer.connected(greeting: Array("SSH-2.0-OpenSSH_9.2\r\n".utf8), []) { connection, server in
            // Its greeting may come before or during the first request; both name the mistake.
            let error = await failure { try await connection.noMessageBoxOnError() }
            #expect(error?.code == .notSerialEM)
            #expect(error?.message.contains("What answers at 127.0.0.1:\(server.port) is not SerialEM") == true)
        }
    }

    @Test func anAnswerThatIsNoPacketIsNotSerialEM() async throws {
        try await ScriptedServer.connected([.send(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))]) { connection, _ in
            #expect(await failure { try await connection.noMessageBoxOnError() }?.code == .notSerialEM)
            let next = await failure { try await connection.noMessageBoxOnError() }
            #expect(next?.code == .connectionLost)
            #expect(next?.mayHaveBeenExecuted == false)
        }
    }

    @Test func aBadPacketFromSerialEMItselfIsABadReply() async throws {
        let answers = try [Answer.reply(), .send([3, 0, 0, 0])]
        try await ScriptedServer.connected(answers) { connection, _ in
            try await connection.noMessageBoxOnError()
            #expect(await failure { try await connection.record() }?.code == .badReply)
        }
    }

    @Test func aSilentServerMissesTheDeadline() async throws {
        try await ScriptedServer.connected([.silence]) { connection, _ in
            let error = await failure {
                try await connection.perform("ReportStageXYZ", deadline: .milliseconds(30))
            }
            #expect(error?.code == .deadline)
            #expect(error?.mayHaveBeenExecuted == true)
            #expect(error?.message.contains("did not answer ReportStageXYZ within 0.03 seconds") == true)
            // A late reply would be taken for that of the next request, so the connection is not used again.
            #expect(await failure { try await connection.record() }?.code == .connectionLost)
        }
    }

    @Test(arguments: [0, 3, 8, 23, 59])
    func aTruncatedReplyIsNotAnAnswer(length: Int) async throws {
        let reply = try CommandReply(values: [.number(1), .number(2), .number(3)]).encoded()
        try await ScriptedServer.connected([.sendAndClose(Array(reply.prefix(length)))]) { connection, server in
            let error = await failure { _ = try await connection.reportStageXYZ() }
            #expect(error?.code == .connectionLost)
            #expect(error?.mayHaveBeenExecuted == true)
            #expect(
                error?.message
                    == "The connection to SerialEM at 127.0.0.1:\(server.port) broke during ReportStageXYZ, which may have been "
                    + "executed: look at the state of the microscope, then connect again.")
            #expect(await failure { try await connection.record() }?.mayHaveBeenExecuted == false)
            #expect(connection.isOpen == false)
        }
    }

    @Test func whoeverWaitsInTheQueueIsToldToo() async throws {
        try await ScriptedServer.connected([.silence]) { connection, _ in
            let codes = await withTaskGroup(of: SerialEMError?.self) { group in
                for _ in 0..<5 {
                    group.addTask {
                        await failure { try await connection.perform("R", kind: .exposing, deadline: .milliseconds(30)) }
                    }
                }
                return await group.reduce(into: []) { $0.append($1?.mayHaveBeenExecuted) }
            }
            #expect(codes.filter { $0 == true }.count == 1)
            #expect(codes.filter { $0 == false }.count == 4)
        }
    }

    @Test func aCancelledTaskWaitsForWhatIsSentAndSendsNothingMore() async throws {
        try await ScriptedServer.connected([.silence]) { connection, server in
            let sent = Task { await failure { try await connection.perform("R", kind: .exposing, deadline: .milliseconds(300)) } }
            while server.received.isEmpty { await Task.yield() }
            let queued = Task { await failure { try await connection.record() } }
            queued.cancel()
            let queuedError = await queued.value
            #expect(queuedError?.code == .cancelled)
            #expect(queuedError?.mayHaveBeenExecuted == false)
            sent.cancel()
            let sentError = await sent.value
            #expect(sentError?.code == .deadline)
            #expect(sentError?.mayHaveBeenExecuted == true)
            #expect(server.received.count == 1)
        }
    }

    @Test func closingEndsARequestThatWaitsHoweverLongItMayTake() async throws {
        try await ScriptedServer.connected([.silence]) { connection, server in
            let waiting = Task { await failure { try await connection.perform("R", kind: .exposing, deadline: .seconds(3600)) } }
            while server.received.isEmpty { await Task.yield() }
            await connection.close()
            let error = await waiting.value
            #expect(error?.code == .connectionLost)
            #expect(error?.mayHaveBeenExecuted == true)
            #expect(connection.isOpen == false)
            #expect(await failure { try await connection.record() }?.mayHaveBeenExecuted == false)
        }
    }

    @Test func theReplyToACancelledTaskLeavesTheConnectionToTheNext() async throws {
        try await ScriptedServer.connected([.sendLater(CommandReply().encoded(), milliseconds: 100), .reply()]) { connection, server in
            let first = Task { await failure { try await connection.record() } }
            while server.received.isEmpty { await Task.yield() }
            first.cancel()
            #expect(await first.value == nil)
            try await connection.setBeamBlank(true)
            #expect(server.received.count == 2)
        }
    }
}
