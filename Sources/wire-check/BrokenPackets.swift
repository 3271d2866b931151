import SerialEMProtocol

/// Makes streams of packets of every kind, and breaks them.
struct BrokenPackets {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// Numbers that lengths, counts and indices are replaced by.
    private static let extremes: [Int32] = [
        .min, .min + 1, -65536, -234_561, -10, -9, -2, -1, 0, 1, 2, 3, 5, 7, 8, 19, 20, 21, 255, 1019, 1024, 65535, 65536,
        1 << 20, 64 << 20, (64 << 20) + 1, .max / 4, .max / 2, .max - 3, .max,
    ]

    /// Up to three packets glued together, some of them broken, or bytes without sense.
    mutating func stream() throws(ProtocolError) -> [UInt8] {
        if generator.below(16) == 0 { return (0..<generator.below(200)).map { _ in UInt8(truncatingIfNeeded: generator.next()) } }
        var stream: [UInt8] = []
        for _ in 0..<1 + generator.below(8) / 6 + generator.below(8) / 7 {
            var packet = try self.packet()
            for _ in 0..<generator.below(4) { try mutate(&packet) }
            stream += packet
        }
        return stream
    }

    private mutating func packet() throws(ProtocolError) -> [UInt8] {
        switch generator.below(9) {
        case 0, 1:
            var request = CommandRequest(code: Int32(generator.below(850)))
            for _ in 0..<min(19, generator.below(8) * generator.below(4)) { request.arguments.append(argument()) }
            return try request.encoded()
        case 2, 3:
            var reply = CommandReply(status: status())
            for _ in 0..<generator.below(7) { reply.values.append(value()) }
            return try reply.encoded()
        case 4: return CommandReply.failure(text()).encodedOrEmpty
        case 5:
            return BufferImageRequest(bufferIndex: generator.below(30) - 5, fromFFTWindow: generator.below(2) == 0).encoded()
        case 6:
            return BufferImageReply(
                pixelType: pixelType(), width: 1 + generator.below(9000), height: 1 + generator.below(9000),
                maximumChunk: 1000 + generator.below(40_000_000)
            ).encoded()
        case 7:
            return PutImageRequest(
                pixelType: pixelType(), width: generator.below(9000), height: generator.below(9000),
                bufferIndex: generator.below(22), baseBufferIndex: generator.below(22)
            ).encoded()
        default:
            switch generator.below(4) {
            case 0: return OKToRunRequest.bytes
            case 1: return OKToRunReply(ok: generator.below(2) == 0).encoded()
            case 2: return ChunkHandshake.bytes
            default: return BareReply(returnStatus: ReturnStatus(rawValue: Int32(generator.below(12)) - 10)).encoded()
            }
        }
    }

    private mutating func mutate(_ packet: inout [UInt8]) throws(ProtocolError) {
        guard !packet.isEmpty else { return }
        let place = generator.below(packet.count)
        switch generator.below(8) {
        case 0: packet[place] ^= 1 << UInt8(generator.below(8))
        case 1: packet[place] = UInt8(truncatingIfNeeded: generator.next())
        case 2: packet.removeLast(packet.count - place)
        case 3, 4: setLong(&packet, place & ~3, Self.extremes[generator.below(Self.extremes.count)])
        case 5: setLong(&packet, 0, Int32(truncatingIfNeeded: packet.count + generator.below(9) - 4))
        case 6:
            // A splice: the beginning of one packet and the end of another, with a length that fits.
            let other = try self.packet()
            packet = Array(packet[..<place]) + other.suffix(generator.below(other.count + 1))
            setLong(&packet, 0, Int32(truncatingIfNeeded: packet.count))
        default:
            let end = place + generator.below(packet.count - place) + 1
            packet.insert(contentsOf: Array(packet[place..<end]), at: place)
        }
    }

    private func setLong(_ packet: inout [UInt8], _ place: Int, _ value: Int32) {
        for index in 0..<4 where place + index < packet.count {
            packet[place + index] = UInt8(truncatingIfNeeded: value >> Int32(8 * index))
        }
    }

    private mutating func number() -> Double {
        switch generator.below(4) {
        case 0: Double(generator.below(2000) - 1000)
        case 1: Double(generator.below(2_000_000)) / 1e6
        case 2: [0.0, -0.0, 1e-300, 1e300, -9e7, .pi, 4e18, -1e19][generator.below(8)]
        default: Double(bitPattern: generator.next())
        }
    }

    private mutating func text() -> String {
        let plain = String(decoding: (0..<generator.below(20)).map { _ in UInt8(32 + generator.below(95)) }, as: UTF8.self)
        return generator.below(8) == 0 ? plain + "Å\r\n" + plain : plain
    }

    private mutating func argument() -> Argument {
        switch generator.below(4) {
        case 0:
            let number = number()
            return .number(number.isFinite ? number : 1)
        case 1: return .integer(generator.below(100_000) - 50_000)
        default: return .text(text())
        }
    }

    private mutating func value() -> ReportedValue { generator.below(2) == 0 ? .number(number()) : .text(text()) }

    private mutating func pixelType() -> PixelType { PixelType.allCases[generator.below(PixelType.allCases.count)] }

    private mutating func status() -> CommandStatus {
        [.success, .success, .failed, .normalExit, .exitWithCode, .stopped, CommandStatus(rawValue: 77)][generator.below(7)]
    }
}

extension CommandReply {
    fileprivate var encodedOrEmpty: [UInt8] { (try? encoded()) ?? [] }
}
