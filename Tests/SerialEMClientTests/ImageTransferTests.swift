import SerialEMClient
import SerialEMProtocol
import Testing

@Suite struct ImageTransferTests {
    static let header = BufferImageReply(pixelType: .unsignedShort, width: 600, height: 3, maximumChunk: 1300)
    static let pixels = (0..<3600).map { UInt8($0 * 7 % 251) }

    private func chunk(_ index: Int) -> [UInt8] { Array(Self.pixels[Self.header.chunks.ranges[index]]) }

    @Test func anImageInChunksIsAskedForChunkByChunk() async throws {
        let answers = [Answer.send(Self.header.encoded() + chunk(0)), .send(chunk(1)), .send(chunk(2))]
        try await ScriptedServer.connected(answers + [try .reply(.number(1))]) { connection, server in
            let received = try await connection.bufferImage("C")
            let image = try #require(received)
            #expect(image.bytes == Self.pixels)
            #expect((image.width, image.height, image.rowBytes) == (600, 3, 1200))
            #expect(image.samples()[1] == Float(Int(Self.pixels[2]) + 256 * Int(Self.pixels[3])))
            #expect(
                server.received == [
                    BufferImageRequest(bufferIndex: 2).encoded(), ChunkHandshake.bytes, ChunkHandshake.bytes,
                ])
            let answer = try await connection.reportMeanCounts()
            #expect(answer == 1)
        }
    }

    @Test func anImageMayDripIn() async throws {
        let answers = [Answer.drip(Self.header.encoded()), .drip(chunk(1)), .drip(chunk(2))]
        // The first chunk follows the header without a request, so both drip as one answer.
        let first = Answer.drip(Self.header.encoded() + chunk(0))
        try await ScriptedServer.connected([first] + answers.dropFirst()) { connection, _ in
            let image = try await connection.bufferImage("A")
            #expect(image?.bytes == Self.pixels)
        }
    }

    @Test func anImageThatStopsHalfwayIsALostConnection() async throws {
        let answers = [Answer.send(Self.header.encoded() + chunk(0)), .sendAndClose(Array(chunk(1).dropLast()))]
        try await ScriptedServer.connected(answers) { connection, _ in
            #expect(await failure { _ = try await connection.bufferImage("A") }?.code == .connectionLost)
        }
    }

    @Test func anEmptyBufferHasNoImage() async throws {
        try await ScriptedServer.connected([.send(BufferImageReply.empty.encoded())]) { connection, _ in
            let answer = try await connection.bufferImage("A")
            #expect(answer == nil)
        }
    }

    @Test func bytesThatNobodyAskedForEndTheConnection() async throws {
        let answers = [Answer.send(BufferImageReply.empty.encoded() + [1])]
        try await ScriptedServer.connected(answers) { connection, _ in
            _ = try await connection.bufferImage("A")
            while connection.isOpen { await Task.yield() }
            #expect(await failure { try await connection.record() }?.code == .connectionLost)
        }
    }

    @Test func anImageIsPutOnlyAfterTheGoAhead() async throws {
        let image = try #require(
            BufferImage(width: 3, height: 2, pixelType: .unsignedShort, bytes: (0..<12).map { UInt8($0) }))
        let answers = try [
            Answer.sendAndTake(BareReply(returnStatus: .handled).encoded(), 12), .reply(.number(2.5)),
            .send(BareReply(returnStatus: .busy).encoded()), .reply(.number(3)),
        ]
        try await ScriptedServer.connected(answers) { connection, server in
            try await connection.putImage(image, into: "B", base: "A")
            let answer = try await connection.reportMeanCounts("B")
            #expect(answer == 2.5)
            #expect(await failure { try await connection.putImage(image, into: "B", base: "A") }?.code == .busy)
            let answer2 = try await connection.reportMeanCounts("B")
            #expect(answer2 == 3)
            #expect(server.received[1] == image.bytes)
            #expect(server.received.count == 5)
        }
    }

    @Test(arguments: [
        (PixelType.unsignedByte, [1, 255] as [UInt8], [1, 255] as [Float]), (.signedShort, [0xFF, 0xFF, 1, 0], [-1, 1]),
        (.unsignedShort, [0xFF, 0xFF, 1, 0], [65535, 1]), (.float, [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0], [1, -2]),
        (.rgb, [1, 2, 3, 30, 30, 30], [2, 30]),
    ])
    func samplesAreNumbersOfEveryPixelType(type: PixelType, bytes: [UInt8], samples: [Float]) {
        #expect(BufferImage(width: 2, height: 1, pixelType: type, bytes: bytes)?.samples() == samples)
    }
}
