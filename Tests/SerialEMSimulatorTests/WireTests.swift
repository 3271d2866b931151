import Logging
import NIOCore
import NIOPosix
import SerialEMClient
import SerialEMProtocol
import SerialEMSimulator
import Testing

@Suite struct WireTests {
    @Test(arguments: [[7, 0, 0, 0], [0, 0, 0, 0, 9, 9], [0xFF, 0xFF, 0xFF, 0xFF]] as [[UInt8]])
    func anImpossibleLengthIsAnsweredAndTheConnectionStays(bytes: [UInt8]) async throws {
        try await withSimulator { _, server, _ in
            let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(host: "127.0.0.1", port: server.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
            try await channel.executeThenClose { incoming, outgoing in
                var replies = incoming.makeAsyncIterator()
                try await outgoing.write(ByteBuffer(bytes: bytes))
                let refusal = try #require(try await replies.next())
                #expect(Array(refusal.readableBytesView) == [8, 0, 0, 0, 0xFC, 0xFF, 0xFF, 0xFF])
                try await outgoing.write(ByteBuffer(bytes: try Request.okToRun.encoded()))
                let answer = try #require(try await replies.next())
                #expect(answer.readableBytes == 12)
            }
        }
    }

    @Test(arguments: [
        (PixelType.signedShort, [0xFB, 0xFF, 7, 0], [-5, 7]), (.float, [0, 0, 0x80, 0x3E, 0, 0, 0xC0, 0xBF], [0.25, -1.5]),
        (.unsignedByte, [3, 250], [3, 250]), (.unsignedShort, [0xFF, 0xFF, 1, 0], [65535, 1]),
    ] as [(PixelType, [UInt8], [Float])])
    func anImageComesBackInTheTypeThatItWasPutIn(type: PixelType, bytes: [UInt8], values: [Float]) async throws {
        try await withSimulator { sem, _, _ in
            try await sem.putImage(#require(BufferImage(width: 2, height: 1, pixelType: type, bytes: bytes)), into: "B", base: "A")
            try await sem.copy(from: "B", to: "C")
            let back = try #require(try await sem.bufferImage("C"))
            #expect(back.pixelType == type)
            #expect(back.bytes == bytes)
            #expect(back.samples() == values)
        }
    }
}
