import SerialEMProtocol
import Testing

@Suite struct GoldenPacketTests {
    @Test func ourRequestsAreThoseOfSerialEMsOwnClientForSevenHundredCommands() throws {
        let requests = try GoldenFiles.requests()
        #expect(Set(requests.map(\.name)).count >= 700)
        for recorded in requests {
            let code = try #require(FunctionCodes.definition(named: recorded.name)?.code)
            let request = CommandRequest(code: code, arguments: recorded.arguments)
            let ours = try request.encoded()
            // The padding, up to five bytes, is whatever the client's memory held.
            #expect(ours.count == recorded.packet.count, "\(recorded.name)")
            #expect(ours.dropLast(5) == recorded.packet.dropLast(5), "\(recorded.name)")
            #expect(try Request.decode(recorded.packet) == .command(request), "\(recorded.name)")
        }
    }

    @Test func repliesAreReadAsSerialEMsOwnClientReadsThem() throws {
        let replies = try GoldenFiles.replies()
        #expect(replies.count >= 90)
        for recorded in replies {
            let decoded = Result { () throws(ProtocolError) in try CommandReply.decode(recorded.packet) }
            switch (recorded.outcome, decoded) {
            case (.values(let values), .success(let reply)):
                #expect(reply.values == values)
                #expect([.success, .exitWithCode].contains(reply.status))
            case (.raised("SEMerror", let text), .success(let reply)):
                #expect(reply.status == .failed)
                #expect(text == "No message from command error" ? reply.failureMessage == nil : reply.values == [.text(text)])
            case (.raised("SEMexited", "Normal exit"), .success(let reply)): #expect(reply.status == .normalExit)
            case (.raised("SEMexited", _), .success(let reply)): #expect(reply.status == .stopped)
            case (.raised("SEMexited", _), .failure(let error)): #expect(error.code == .refused(.stopPending))
            case (.raised("SEMmoduleError", let text), .failure(let error)):
                guard case .refused(let status) = error.code else { Issue.record("\(error)"); continue }
                #expect(text.contains("\(status.rawValue)"))
            default: Issue.record("the client made \(recorded.outcome) of it, and we \(decoded)")
            }
        }
    }

    private static func packets() throws -> [[UInt8]] {
        try GoldenFiles.requests().map(\.packet) + GoldenFiles.replies().map(\.packet)
    }

    /// What comes out of a reader that gets a stream in these pieces.
    private func read(_ pieces: [ArraySlice<UInt8>]) throws -> [[UInt8]] {
        var reader = PacketReader()
        var packets: [[UInt8]] = []
        for piece in pieces {
            reader.append(piece)
            while let packet = try reader.nextPacket() { packets.append(packet) }
        }
        #expect(reader.count == 0)
        return packets
    }

    @Test func everyPacketComesWholeFromEverySplit() throws {
        for packet in try Self.packets() {
            for cut in 0...packet.count {
                let received = try read([packet[..<cut], packet[cut...]])
                if received != [packet] { Issue.record("split at \(cut) of \(packet.count) bytes") }
            }
            #expect(try read(packet.indices.map { packet[$0...$0] }) == [packet])
        }
    }

    @Test func gluedPacketsComeApartHoweverTheirStreamIsCut() throws {
        let packets = try Self.packets()
        let stream = packets.flatMap { $0 }
        for length in [1, 2, 3, 5, 7, 64, 1023, 1024, stream.count] {
            let pieces = stride(from: 0, to: stream.count, by: length).map { stream[$0..<min($0 + length, stream.count)] }
            #expect(try read(pieces) == packets, "in pieces of \(length) bytes")
        }
        for start in stride(from: 0, to: packets.count - 2, by: 3) where packets[start].count < 500 {
            let three = Array(packets[start..<start + 3])
            let glued = three.flatMap { $0 }
            for cut in 0...min(glued.count, 600) where try read([glued[..<cut], glued[cut...]]) != three {
                Issue.record("three packets from \(start), split at \(cut)")
            }
        }
    }
}
