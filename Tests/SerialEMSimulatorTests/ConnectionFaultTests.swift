import Logging
import NIOCore
import SerialEMClient
import SerialEMProtocol
import SerialEMSimulator
import Testing
import Units

/// What happens to a connection on demand.
@Suite struct ConnectionFaultTests {
    private static let move = #""when": {"command": "MoveStageTo"}"#

    @Test(arguments: [(true, 40.0), (false, 0)])
    func aConnectionLostBeforeTheReplyLeavesTheCommandDoneOrNot(executed: Bool, stands: Double) async throws {
        try await withFaults(#"{"kind": "dropBeforeReply", "executed": \#(executed), \#(Self.move)}"#) { stand in
            let sem = try await stand.connect()
            let error = await #expect(throws: SerialEMError.self) { try await sem.moveStageTo(x: Micrometers(40), y: Micrometers(0)) }
            #expect(error?.code == .connectionLost)
            #expect(error?.mayHaveBeenExecuted == true)
            let again = try await stand.connect()
            #expect(abs(try await again.reportStageXYZ().x.value - stands) < 0.1)
            await again.close()
        }
    }

    @Test(arguments: [0, 3, 8, 20, 43])
    func aConnectionLostInAReplyHasDeliveredThatManyBytes(count: Int) async throws {
        let when = #""when": {"command": "ReportTiltAngle"}"#
        try await withFaults(#"[{"kind": "dropInReply", "bytes": \#(count), \#(when)}]"#) { stand in
            let bytes = try await withRawClient(stand.port) { client in
                try await client.send(try packet("ReportTiltAngle"))
                return try await client.rest()
            }
            // The reply with one number has 36 bytes: a later place is its end.
            #expect(bytes.count == min(count, 36))
        }
    }

    @Test func aConnectionLostInAnImageHasDeliveredThatManyBytes() async throws {
        try await withFaults(#"{"kind": "dropInReply", "bytes": 50000, "when": {"command": "GetBufferImage"}}"#) { stand in
            let sem = try await stand.connect()
            try await sem.record()
            let error = await #expect(throws: SerialEMError.self) { try await sem.bufferImage("A") }
            #expect(error?.code == .connectionLost)
        }
    }

    @Test func aConnectionLostAfterAReplyShowsAtTheNextRequest() async throws {
        try await withFaults(#"{"kind": "dropAfterReply", \#(Self.move)}"#) { stand in
            let sem = try await stand.connect()
            try await sem.moveStageTo(x: Micrometers(40), y: Micrometers(0))
            let error = await #expect(throws: SerialEMError.self) { try await sem.reportStageXYZ() }
            #expect(error?.code == .connectionLost)
        }
    }

    @Test func aReplyThatIsLateComesAllTheSame() async throws {
        try await withFaults(#"{"kind": "delayReply", "seconds": 0.05, "when": {"command": "ReportTiltAngle"}}"#) { stand in
            let sem = try await stand.connect()
            #expect(try await sem.reportTiltAngle().value == 0)
            #expect(stand.server.microscope.faults.strikes.map(\.command) == ["ReportTiltAngle"])
            await sem.close()
        }
    }

    @Test(arguments: [
        #""kind": "delayReply", "seconds": 3600"#, #""kind": "silence""#, #""kind": "truncateReply", "bytes": 3"#,
        #""kind": "truncateReply", "bytes": 30"#, #""kind": "wrongLength", "length": 4000"#, #""kind": "dialog""#,
    ])
    func aReplyThatDoesNotComeEndsAtTheDeadline(fault: String) async throws {
        try await withFaults(#"{\#(fault), "when": {"command": "ReportTiltAngle"}}"#) { stand in
            let sem = try await stand.connect()
            let error = await #expect(throws: SerialEMError.self) {
                try await sem.perform("ReportTiltAngle", deadline: .milliseconds(300))
            }
            #expect(error?.code == .deadline)
        }
    }

    @Test(arguments: [
        #""kind": "wrongLength", "length": -20"#, #""kind": "wrongLength", "length": 2147483647"#,
        #""kind": "wrongLength", "length": 20"#, #""kind": "wrongCount", "values": 1000000"#, #""kind": "wrongCount", "values": -7"#,
        #""kind": "wrongCount", "longs": 9"#, #""kind": "wrongCount", "longs": -1"#,
        #""kind": "garbageReply", "bytes": 300"#,
    ])
    func aReplyThatMakesNoSenseIsNoAnswer(fault: String) async throws {
        try await withFaults(#"{\#(fault), "when": {"command": "ReportTiltAngle"}}"#) { stand in
            let sem = try await stand.connect()
            let error = await #expect(throws: SerialEMError.self) {
                try await sem.perform("ReportTiltAngle", deadline: .seconds(60))
            }
            #expect(error?.code == .badReply)
            let again = try await stand.connect()
            #expect(try await again.reportTiltAngle().value == 0)
            await again.close()
        }
    }

    @Test func strayBytesFollowTheReplyInItsSegment() async throws {
        try await withFaults(#"{"kind": "glueReply", "bytes": 11, "when": {"command": "any"}}"#) { stand in
            // The second request is answered as it should be: nothing of the first is left in the simulator.
            let bytes = try await withRawClient(stand.port) { client in
                try await client.send(try packet("ReportTiltAngle"))
                var all: [UInt8] = []
                var replies = client.incoming.makeAsyncIterator()
                while all.count < 47, let more = try await replies.next() { all += more.readableBytesView }
                try await client.send(try packet("ReportTiltAngle"))
                while all.count < 83, let more = try await replies.next() { all += more.readableBytesView }
                return all
            }
            #expect(bytes.count == 83)
            #expect(Array(bytes[..<36]) == Array(bytes[47...]))
        }
    }

    @Test func aNewcomerTakesThePlaceAfterTheReplyAndControlStaysOn() async throws {
        try await withFaults(#"{"kind": "newcomer", "seconds": 3600, \#(Self.move)}"#) { stand in
            let sem = try await stand.connect()
            try await sem.setVariable("kept", "yes")
            try await sem.moveStageTo(x: Micrometers(40), y: Micrometers(0))
            let error = await #expect(throws: SerialEMError.self) { try await sem.reportStageXYZ() }
            #expect(error?.code == .connectionLost)
            // Whoever comes back is a newcomer in his turn, in the same period of control.
            let again = try await SerialEMConnection.connect(host: "127.0.0.1", port: stand.port, logger: Logger(label: "test"))
            #expect(try await again.okToRun() == false)
            #expect(try await again.getVariable("kept") == .text("yes"))
            await again.close()
        }
    }

    @Test func aNewcomerWaitsForTheReplyToTheCommandThatRuns() async throws {
        try await withFaults(#"{"kind": "delayReply", "seconds": 0.5, \#(Self.move)}"#) { stand in
            let first = try await stand.connect()
            async let moved: Void = first.moveStageTo(x: Micrometers(40), y: Micrometers(0))
            while stand.server.microscope.faults.strikes.isEmpty { await Task.yield() }
            let second = try await stand.connect()
            // The first one has its answer before the second is served.
            try await moved
            #expect(abs(try await second.reportStageXYZ().x.value - 40) < 0.1)
            let error = await #expect(throws: SerialEMError.self) { try await first.reportStageXYZ() }
            #expect(error?.code == .connectionLost)
            await second.close()
        }
    }
}
