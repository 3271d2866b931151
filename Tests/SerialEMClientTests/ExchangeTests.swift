import Logging
import SerialEMClient
import SerialEMProtocol
import Testing
import Units

@Suite struct ExchangeTests {
    @Test func aReplyIsReadHoweverItArrives() async throws {
        let reply = try CommandReply(values: [.number(12.5), .number(-3.25), .number(100)]).encoded()
        try await ScriptedServer.connected([.send(reply), .drip(reply)]) { connection, server in
            let expected = StagePosition(x: Micrometers(12.5), y: Micrometers(-3.25), z: Micrometers(100))
            let answer = try await connection.reportStageXYZ()
            #expect(answer == expected)
            let answer2 = try await connection.reportStageXYZ()
            #expect(answer2 == expected)
            let request = try CommandRequest(code: 293).encoded()
            #expect(server.received == [request, request])
        }
    }

    @Test func manyTasksAreServedOneAtATimeAndEachGetsItsOwnReply() async throws {
        let answers = try (0..<20).map { try Answer.reply(.number(Double($0))) }
        try await ScriptedServer.connected(answers) { connection, server in
            let values = try await withThrowingTaskGroup(of: Double.self) { group in
                for _ in 0..<20 { group.addTask { try await connection.reportMeanCounts() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(values.sorted() == (0..<20).map(Double.init))
            #expect(server.received.count == 20)
        }
    }

    @Test func aFailedCommandGivesSerialEMsTextAndKeepsTheConnection() async throws {
        let answers = try [
            Answer.send(CommandReply.failure("no map in buffer O").encoded()), .reply(.number(1)),
        ]
        try await ScriptedServer.connected(answers) { connection, server in
            let error = await failure { try await connection.alignTo("O") }
            #expect(error?.code == .commandFailed)
            #expect(error?.reportedText == "no map in buffer O")
            #expect(
                error?.message == "AlignTo failed: SerialEM at 127.0.0.1:\(server.port) reported 'no map in buffer O'.")
            let answer = try await connection.reportMeanCounts()
            #expect(answer == 1)
        }
    }

    @Test func aBusySerialEMHasNotRunTheCommandAndCanBeAskedAgain() async throws {
        let answers = try [Answer.send(BareReply(returnStatus: .busy).encoded()), .reply()]
        try await ScriptedServer.connected(answers) { connection, server in
            let error = await failure { try await connection.noMessageBoxOnError() }
            #expect(error?.code == .busy)
            #expect(error?.mayHaveBeenExecuted == false)
            #expect(
                error?.message
                    == "SerialEM at 127.0.0.1:\(server.port) is busy and did not run NoMessageBoxOnError: wait for its task, "
                    + "or close its Acquire at Items dialog or message box, then try again.")
            try await connection.noMessageBoxOnError()
        }
    }

    @Test func aStopDuringACommandIsNotAStopBeforeIt() async throws {
        let answers = try [
            Answer.send(CommandReply(status: .stopped).encoded()), .send(BareReply(returnStatus: .stopPending).encoded()),
        ]
        try await ScriptedServer.connected(answers) { connection, _ in
            let during = await failure { try await connection.record() }
            #expect(during?.code == .stopped)
            #expect(during?.mayHaveBeenExecuted == true)
            let before = await failure { try await connection.record() }
            #expect(before?.code == .stopped)
            #expect(before?.mayHaveBeenExecuted == false)
        }
    }

    @Test func anExitIsASuccessOnlyForExit() async throws {
        let exit = try CommandReply(status: .exitWithCode).encoded()
        try await ScriptedServer.connected([.send(exit), .send(exit)]) { connection, server in
            try await connection.exit()
            let request = try CommandRequest(code: 8, arguments: [.number(1)]).encoded()
            #expect(server.received == [request])
            #expect(await failure { try await connection.record() }?.code == .exited)
        }
    }

    @Test func aReplyOfAnotherKindIsNotAnAnswer() async throws {
        let answers = try [Answer.reply(.text("here")), .reply(.number(1)), .reply()]
        try await ScriptedServer.connected(answers) { connection, _ in
            for _ in 0..<3 {
                #expect(await failure { _ = try await connection.reportStageXYZ() }?.code == .badReply)
            }
        }
    }

    @Test func wrongRequestsAreNotSent() async throws {
        try await ScriptedServer.connected([]) { connection, server in
            for (name, arguments) in [
                ("NoSuchCommand", []), ("ScriptEnd", []), ("MoveStageTo", [.number(1)]),
                ("ReportStageXYZ", [.integer(1)]), ("SetDirectory", [.text(String(repeating: "a", count: 1100))]),
                ("TiltTo", [.number(.nan)]),
            ] as [(String, [Argument])] {
                #expect(await failure { try await connection.perform(name, arguments) }?.code == .badArguments)
            }
            #expect(await failure { _ = try await connection.bufferImage("Z") }?.code == .badArguments)
            #expect(server.received.isEmpty)
        }
    }

    /// SerialEM from 4.1 on destroys the first request of 1020 bytes or more, so that none is ever sent.
    @Test func noRequestIsAsLongAsThoseThatSerialEMDestroys() async throws {
        try await ScriptedServer.connected([.reply()]) { connection, server in
            let texts = (0...1100).map { String(repeating: "a", count: $0) }
            let lengths = try texts.map { try CommandRequest(code: 171, arguments: [.text($0)]).encoded().count }
            let longest = try #require(lengths.lastIndex { $0 < 1020 })
            try await connection.perform("SetDirectory", [.text(texts[longest])])
            for text in texts[(longest + 1)...] {
                let error = await failure { try await connection.perform("SetDirectory", [.text(text)]) }
                #expect(error?.code == .badArguments && error?.mayHaveBeenExecuted == false)
            }
            #expect(server.received.map(\.count) == [lengths[longest]])
        }
    }

    @Test func takingControlFindsWhichCommandsThereAre() async throws {
        let answers = try [Answer.reply(), .reply(.number(1)), .reply(.number(790))]
        try await ScriptedServer.connected(answers) { connection, server in
            let version = try await connection.beginControl()
            #expect(version.commandCount == 790)
            let error = await failure { try await connection.perform("ReportLoadedSlot") }
            #expect(error?.code == .notSupported)
            #expect(server.received.count == 3)
        }
    }

    @Test func anOldSerialEMIsNotAskedForItsNumberOfCommands() async throws {
        let answers = try [Answer.reply(), .reply(.number(0)), .reply(.number(1))]
        try await ScriptedServer.connected(answers) { connection, server in
            let version = try await connection.beginControl()
            #expect(version.commandCount == 603)
            #expect(server.received.count == 3)
        }
    }

    @Test func anOptionalArgumentIsNeverSentAfterAMissingOne() async throws {
        let answers = try [Answer.reply(.number(0)), .reply()]
        try await ScriptedServer.connected(answers) { connection, server in
            let error = await failure { try await connection.setImageShift(x: 1, y: 2, adjustBeamTilt: true) }
            #expect(error?.code == .badArguments)
            try await connection.setImageShift(x: 1, y: 2)
            try await connection.setMontageParams(stageMove: 1, frameX: 1000)
            let shift = try CommandRequest(code: 247, arguments: [.number(1), .number(2)]).encoded()
            let montage = try CommandRequest(
                code: 521, arguments: [.integer(1), .integer(-1), .integer(-1), .integer(1000)]
            ).encoded()
            #expect(server.received == [shift, montage])
        }
    }
}
