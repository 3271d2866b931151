import SerialEMProtocol
import Testing

/// Packets recorded with SerialEM's own client; neither side of this package made them.
@Suite struct RecordedPacketTests {
    struct RecordedRequest: Sendable, CustomTestStringConvertible {
        let name: String
        let arguments: [Argument]
        let packet: String
        var testDescription: String { name }
    }

    static let requests = [
        RecordedRequest(
            name: "NoMessageBoxOnError", arguments: [],
            packet: "18 00 00 00 01 00 00 00 2b 00 00 00 00 00 00 00 01 00 00 00 00 gg gg gg"),
        RecordedRequest(
            name: "ReportStageXYZ", arguments: [],
            packet: "18 00 00 00 01 00 00 00 25 01 00 00 00 00 00 00 01 00 00 00 00 gg gg gg"),
        RecordedRequest(
            name: "MoveStageTo", arguments: [.number(10.5), .number(-20)],
            packet: """
                48 00 00 00 01 00 00 00 1e 01 00 00 02 00 00 00 0d 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
                00 00 00 00 00 00 00 00 00 00 00 00 00 00 25 40 00 00 00 00 00 00 34 c0
                00 31 30 2e 35 00 2d 32 30 2e 00 00 gg gg gg gg
                """),
        RecordedRequest(
            name: "AlignTo", arguments: [.text("B"), .integer(1)],
            packet: """
                40 00 00 00 01 00 00 00 71 00 00 00 02 00 00 00 0b 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
                00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 f0 3f 00 42 00 31 00 00 gg gg
                """),
    ]

    @Test(arguments: requests)
    func aRequestIsEncodedAndDecodedByteForByte(recorded: RecordedRequest) throws {
        let definition = try #require(FunctionCodes.definition(named: recorded.name))
        let request = CommandRequest(code: definition.code, arguments: recorded.arguments)
        #expect(try request.encoded() == padded(recorded.packet))
        #expect(try Request.decode(bytes(recorded.packet)) == .command(request))
    }

    struct RecordedReply: Sendable, CustomTestStringConvertible {
        let name: String
        let reply: CommandReply
        let packet: String
        var testDescription: String { name }
    }

    static let replies = [
        RecordedReply(
            name: "no value", reply: CommandReply(),
            packet: "18 00 00 00 00 00 00 00 ff ff ff ff 00 00 00 00 01 00 00 00 00 gg gg gg"),
        RecordedReply(
            name: "three numbers", reply: CommandReply(values: [.number(12.5), .number(-3.25), .number(100)]),
            packet: """
                3c 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00 0a 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
                00 00 00 00 00 00 29 40 00 00 00 00 00 00 0a c0 00 00 00 00 00 00 59 40 00 gg gg gg
                """),
        RecordedReply(
            name: "one text", reply: CommandReply(values: [.text("C:\\data\\x")]),
            packet: """
                2c 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 06 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00
                43 3a 5c 64 61 74 61 5c 78 00 00 gg
                """),
        RecordedReply(
            name: "numbers and texts",
            reply: CommandReply(values: [.number(1), .text("abc"), .number(2), .text("de")]),
            packet: """
                50 00 00 00 00 00 00 00 03 00 00 00 00 00 00 00 0f 00 00 00
                00 00 00 00 01 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 00 00 f0 3f 00 00 00 00 00 00 00 00
                00 00 00 00 00 00 00 40 00 00 00 00 00 00 00 00 61 62 63 00 64 65 00 00 gg gg gg gg
                """),
        RecordedReply(
            name: "user STOP", reply: CommandReply(status: .stopped),
            packet: "18 00 00 00 00 00 00 00 ff ff ff ff bf 6b fc ff 01 00 00 00 00 gg gg gg"),
        RecordedReply(
            name: "Exit(0)", reply: CommandReply(status: .normalExit),
            packet: "18 00 00 00 00 00 00 00 ff ff ff ff c0 1d fe ff 01 00 00 00 00 gg gg gg"),
        RecordedReply(
            name: "Exit(1)", reply: CommandReply(status: .exitWithCode),
            packet: "18 00 00 00 00 00 00 00 ff ff ff ff 0f 04 f6 ff 01 00 00 00 00 gg gg gg"),
    ]

    @Test(arguments: replies)
    func aReplyIsEncodedAndDecodedByteForByte(recorded: RecordedReply) throws {
        #expect(try recorded.reply.encoded() == padded(recorded.packet))
        #expect(try CommandReply.decode(bytes(recorded.packet)) == recorded.reply)
    }

    @Test func aFailureCarriesItsMessageInSerialEMsFrame() throws {
        let reply = CommandReply.failure("No map in buffer O")
        let text = "\r\nSCRIPT ERROR WITH THIS MESSAGE:\r\nNo map in buffer O\r\n* * * * * * * * * * * * * * * * * *\r\n"
        #expect(reply.values == [.text(text)])
        #expect(reply.status == .failed)
        let decoded = try CommandReply.decode(try reply.encoded())
        #expect(decoded == reply)
        #expect(decoded.failureMessage == "No map in buffer O")
        #expect(CommandReply(values: [.text("")], status: .failed).failureMessage == nil)
    }

    @Test(arguments: [("f7", ReturnStatus.busy), ("f6", .stopPending), ("ff", .unknownFunction)])
    func aBareReplyIsARefusal(lowByte: String, status: ReturnStatus) throws {
        let packet = bytes("08 00 00 00 \(lowByte) ff ff ff")
        #expect(BareReply(returnStatus: status).encoded() == packet)
        let refused = ProtocolError.Code.refused(status)
        #expect { try CommandReply.decode(packet) } throws: { ($0 as? ProtocolError)?.code == refused }
        #expect { try BufferImageReply.decode(packet) } throws: { ($0 as? ProtocolError)?.code == refused }
        #expect { try OKToRunReply.decode(packet) } throws: { ($0 as? ProtocolError)?.code == refused }
    }

    @Test func firstContactIsAsRecorded() throws {
        #expect(try Request.okToRun.encoded() == bytes("08 00 00 00 03 00 00 00"))
        #expect(try OKToRunReply.decode(bytes("0c 00 00 00 00 00 00 00 01 00 00 00")).ok)
        #expect(OKToRunReply(ok: true).encoded() == bytes("0c 00 00 00 00 00 00 00 01 00 00 00"))
    }

    @Test func anImageIsAskedForAndAnnouncedAsRecorded() throws {
        let request = bytes("10 00 00 00 04 00 00 00 00 00 00 00 01 00 00 00")
        #expect(BufferImageRequest(bufferIndex: 0, fromFFTWindow: true).encoded() == request)
        #expect(try Request.decode(request) == .bufferImage(BufferImageRequest(bufferIndex: 0, fromFFTWindow: true)))
        let header = bytes(
            "20 00 00 00 00 00 00 00 06 00 00 00 b0 04 00 00 58 02 00 00 03 00 00 00 10 0e 00 00 02 00 00 00")
        let reply = BufferImageReply(pixelType: .unsignedShort, width: 600, height: 3, maximumChunk: 1800)
        #expect(reply.encoded() == header)
        #expect(try BufferImageReply.decode(header) == reply)
        #expect(Array(reply.chunks.ranges) == [0..<1800, 1800..<3600])
        #expect(ChunkHandshake.bytes == bytes("08 00 00 00 02 00 00 00"))
    }

    @Test func anImageIsOfferedAsRecorded() throws {
        let packet = bytes(
            """
            2c 00 00 00 05 00 00 00 06 00 00 00 03 00 00 00 02 00 00 00 0c 00 00 00
            01 00 00 00 01 00 00 00 01 00 00 00 ff ff ff ff 01 00 00 00
            """)
        let request = PutImageRequest(
            pixelType: .unsignedShort, width: 3, height: 2, bufferIndex: 1, baseBufferIndex: 1)
        #expect(request.encoded() == packet)
        #expect(try Request.decode(packet) == .putImage(request))
    }
}
