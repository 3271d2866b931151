import SerialEMProtocol
import Testing

@Suite struct PacketReaderTests {
    @Test(arguments: [1, 2, 3, 7, 100])
    func packetsComeWholeHoweverTheNetworkCutsThem(pieceLength: Int) throws {
        let packets = try [
            CommandRequest(code: 286, arguments: [.number(1), .number(2)]).encoded(), Request.okToRun.encoded(),
            CommandReply(values: [.text("abc")]).encoded(),
        ]
        let stream = packets.flatMap { $0 }
        var reader = PacketReader()
        var received: [[UInt8]] = []
        for start in stride(from: 0, to: stream.count, by: pieceLength) {
            reader.append(stream[start..<min(start + pieceLength, stream.count)])
            while let packet = try reader.nextPacket() { received.append(packet) }
        }
        #expect(received == packets)
        #expect(reader.count == 0)
    }

    @Test func rawBytesComeBetweenPackets() throws {
        var reader = PacketReader()
        reader.append(BareReply(returnStatus: .handled).encoded() + [1, 2, 3])
        #expect(try reader.nextPacket() != nil)
        #expect(reader.take(4) == nil)
        #expect(reader.take(3) == [1, 2, 3])
        #expect(reader.take(-1) == nil)
    }

    @Test(arguments: [
        ("07 00 00 00", ProtocolError.Code.tooShort), ("00 00 00 00", .tooShort), ("ff ff ff ff", .tooShort),
        ("53 53 48 2d", .tooLong), ("00 00 00 7f", .tooLong),
    ])
    func aLengthThatNoPacketHasIsRefused(packet: String, code: ProtocolError.Code) {
        var reader = PacketReader()
        reader.append(bytes(packet))
        #expect { try reader.nextPacket() } throws: { ($0 as? ProtocolError)?.code == code }
    }
}

@Suite struct PacketPropertyTests {
    private static func text(_ generator: inout SeededGenerator) -> String {
        String(
            (0..<Int.random(in: 0...20, using: &generator)).map { _ in
                Character(UnicodeScalar(UInt8.random(in: 32...126, using: &generator)))
            })
    }

    @Test(arguments: UInt64(1)...40)
    func decodingUndoesEncoding(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let arguments = (0..<Int.random(in: 0...19, using: &generator)).map { _ -> Argument in
            switch Int.random(in: 0...2, using: &generator) {
            case 0: .number(Double.random(in: -1e6...1e6, using: &generator))
            case 1: .integer(Int.random(in: -1000...1000, using: &generator))
            default: .text(Self.text(&generator))
            }
        }
        let request = CommandRequest(code: Int32.random(in: 0...840, using: &generator), arguments: arguments)
        let packet = try request.encoded()
        #expect(packet.count % 4 == 0)
        #expect(try CommandRequest.decode(packet) == request)

        let values = (0..<Int.random(in: 0...6, using: &generator)).map { _ -> ReportedValue in
            Bool.random(using: &generator)
                ? .number(Double.random(in: -1e6...1e6, using: &generator)) : .text(Self.text(&generator))
        }
        let reply = CommandReply(values: values, status: .success)
        #expect(try CommandReply.decode(try reply.encoded()) == reply)
    }

    @Test(arguments: UInt64(1)...40)
    func brokenPacketsAreErrorsAndNeverTrap(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let packets = try [
            CommandRequest(code: 286, arguments: [.number(1), .text("abc")]).encoded(),
            CommandReply(values: [.number(1), .text("abc")]).encoded(),
            BufferImageReply(pixelType: .float, width: 10, height: 4).encoded(),
            PutImageRequest(pixelType: .float, width: 10, height: 4, bufferIndex: 0, baseBufferIndex: 0).encoded(),
        ]
        for packet in packets {
            for length in 0..<packet.count {
                let cut = Array(packet[..<length])
                #expect(throws: ProtocolError.self) { try Request.decode(cut) }
                #expect(throws: ProtocolError.self) { try CommandReply.decode(cut) }
            }
            for _ in 0..<50 {
                var broken = packet
                for _ in 0..<3 {
                    broken[Int.random(in: 0..<broken.count, using: &generator)] = UInt8.random(
                        in: 0...255, using: &generator)
                }
                _ = try? Request.decode(broken)
                _ = try? CommandReply.decode(broken)
                _ = try? BufferImageReply.decode(broken)
            }
        }
    }

    @Test(arguments: [(0, 1), (1, 1), (47_139_840, 2), (67_108_864, 2), (10, 3), (10, 10)])
    func chunksCoverTheImageOnce(byteCount: Int, chunkCount: Int) {
        let ranges = ImageChunks(byteCount: byteCount, chunkCount: chunkCount).ranges
        #expect(ranges.map(\.count).reduce(0, +) == byteCount)
        #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        #expect(ranges.count <= chunkCount)
    }

    @Test func aFourKImageComesInTwoEqualChunks() {
        let reply = BufferImageReply(pixelType: .float, width: 4096, height: 4096)
        #expect(reply.chunkCount == 2)
        #expect(reply.chunks.chunkLength == 33_554_432)
    }

    @Test func aRequestThatSerialEMCannotTakeIsNotEncoded() {
        #expect(throws: ProtocolError.self) {
            try CommandRequest(code: 1, arguments: Array(repeating: .integer(1), count: 20)).encoded()
        }
        #expect(throws: ProtocolError.self) { try CommandRequest(code: 1, arguments: [.text("a\0b")]).encoded() }
        #expect(throws: ProtocolError.self) { try CommandRequest(code: 1, arguments: [.number(.nan)]).encoded() }
    }

    @Test(arguments: [
        ("08 00 00 00 09 00 00 00", ReturnStatus.unknownFunction), ("08 00 00 00 02 00 00 00", .unknownFunction),
        ("08 00 00 00 01 00 00 00", .tooShort), ("0c 00 00 00 03 00 00 00 00 00 00 00", .inconsistentLength),
        ("04 00 00 00", .tooShort),
        ("18 00 00 00 01 00 00 00 2b 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00", .inconsistentLength),
    ])
    func aServerKnowsWithWhatToRefuse(packet: String, status: ReturnStatus) {
        #expect { try Request.decode(bytes(packet)) } throws: { ($0 as? ProtocolError)?.returnStatus == status }
    }

    @Test func bufferLettersAreThoseOfSerialEM() {
        #expect(BufferLetter.index(of: "A") == 0)
        #expect(BufferLetter.index(of: "v") == 21)
        #expect(BufferLetter.index(of: "W") == nil)
        #expect(BufferLetter.index(of: "1") == nil)
        #expect(BufferLetter.index(of: "ß") == nil)
        #expect(BufferLetter.letter(21) == "V")
        #expect(BufferLetter.letter(22) == nil)
    }
}
