import SerialEMProtocol

/// A packet that a decoder took wrongly.
struct Finding: Error, CustomStringConvertible {
    let description: String
}

/// Feeds one stream to every decoder. A decoder may refuse what it gets; what it takes must come back from its own
/// encoder unchanged, and the cuts that the network makes must change nothing.
struct DecoderCheck {
    /// How often each decoder took a packet, or refused it for which reason.
    private(set) var outcomes: [String: Int] = [:]

    mutating func check(_ stream: [UInt8], _ generator: inout SeededGenerator) throws {
        try checkReader(stream, &generator)
        try comesBack("request", stream) { try Request.decode($0) } encode: { try $0.encoded() }
        try comesBack("command reply", stream) {
            let reply = try CommandReply.decode($0)
            _ = reply.failureMessage
            return reply
        } encode: { try $0.encoded() }
        try comesBack("go-ahead", stream) { try BareReply.decode($0) } encode: { $0.encoded() }
        try comesBack("OKtoRun reply", stream) { try OKToRunReply.decode($0) } encode: { $0.encoded() }
        try comesBack("image header", stream) {
            let header = try BufferImageReply.decode($0)
            let ranges = header.chunks.ranges
            guard ranges.first?.lowerBound ?? 0 == 0, ranges.last?.upperBound ?? 0 == header.byteCount,
                ranges.count <= max(1, header.chunkCount)
            else { throw Finding(description: "The chunks of \(header) do not make the image.") }
            return header
        } encode: { $0.encoded() }
        try comesBack("image offer", stream) { try PutImageRequest.decode($0) } encode: { $0.encoded() }
    }

    private mutating func comesBack<Value>(
        _ name: String, _ bytes: [UInt8], decode: ([UInt8]) throws -> Value, encode: (Value) throws -> [UInt8]
    ) throws {
        do {
            let value = try decode(bytes)
            outcomes["\(name): taken", default: 0] += 1
            guard let first = try? encode(value) else { return }
            let second = try encode(try decode(first))
            if second != first { throw Finding(description: "A \(name) changes when it is encoded again: \(value)") }
        } catch let error as ProtocolError {
            outcomes["\(name): \(word(for: error.code))", default: 0] += 1
        }
    }

    private func word(for code: ProtocolError.Code) -> String {
        if case .refused = code { "a refusal" } else { "\(code)" }
    }

    /// What a reader makes of a stream: its packets, and how it ends.
    private struct Reading: Equatable {
        var packets: [[UInt8]] = []
        var error: ProtocolError.Code?
        var left = 0
    }

    private mutating func checkReader(_ stream: [UInt8], _ generator: inout SeededGenerator) throws {
        let whole = try read(stream, pieces: [stream.count])
        outcomes["reader: \(whole.error.map { word(for: $0) } ?? (whole.left > 0 ? "waits for more" : "done"))", default: 0] += 1
        let cut = 1 + generator.below(max(1, stream.count - 1))
        for pieces in [[cut, stream.count], [1 + generator.below(7)], [1]] where try read(stream, pieces: pieces) != whole {
            throw Finding(description: "Cut into pieces of \(pieces) bytes, the stream is read otherwise.")
        }
    }

    /// The pieces are used in turn, the last one until the end.
    private func read(_ stream: [UInt8], pieces: [Int]) throws -> Reading {
        var reader = PacketReader()
        var reading = Reading()
        var start = 0
        var turn = 0
        while start < stream.count {
            let end = min(start + max(1, pieces[min(turn, pieces.count - 1)]), stream.count)
            turn += 1
            reader.append(stream[start..<end])
            start = end
            do throws(ProtocolError) {
                while let packet = try reader.nextPacket() { reading.packets.append(packet) }
                guard try reader.missing() > 0 else { throw ProtocolError(.badField, "nothing is missing, and there is no packet") }
            } catch {
                reading.error = error.code
                return reading
            }
        }
        reading.left = reader.count
        return reading
    }
}
