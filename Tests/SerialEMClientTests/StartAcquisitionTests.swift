import Logging
import SerialEMMicroscope
import SerialEMProtocol
import Testing

@Suite struct StartAcquisitionTests {
    @Test func scriptsThatWereLeftInTheDialogAreCleared() async throws {
        let answers = try [
            Answer.reply(), .reply(.number(1)), .reply(.number(850)), .reply(.number(2), .number(0)), .reply(), .reply(), .reply(),
            .reply(), .reply(),
        ]
        try await ScriptedServer.withServer(answers) { server in
            let microscope = try await SerialEMMicroscope.connect(
                host: "127.0.0.1", port: server.port, logger: Logger(label: "test"))
            try await microscope.startAcquisition(script: 13)
            let requests = server.received.compactMap { try? CommandRequest.decode($0) }
            let sent = try #require(requests.first { FunctionCodes.definition(code: $0.code)?.name == "SetNavAcqAtEndParams" })
            #expect(
                sent.arguments.prefix(8) == [
                    .text("prim"), .number(2), .text("scrp-p"), .number(13), .text("scrp-b"), .number(0), .text("scrp-a"), .number(0),
                ])
        }
    }
}
