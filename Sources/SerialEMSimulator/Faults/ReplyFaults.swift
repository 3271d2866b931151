internal import Raster

/// What is wrong with the answer to one request.
struct ReplyFaults: Sendable {
    /// What to send of some bytes, and what comes then.
    enum End: Sendable { case goOn, drop, mute }

    var delay = 0.0
    private var dropsAfter = false
    private var limit: (bytes: Int, end: End)?
    private var length: Int32?
    private var lastValue: Int32?
    private var longs: Int32?
    private var garbage: (count: Int, salt: UInt64)?
    private var glued: (count: Int, salt: UInt64)?
    private var isFirst = true
    private var sent = 0
    private(set) var isMute = false
    /// Whether the connection ends with this answer, also if it was shorter than the place where it should have been cut.
    var endsConnection: Bool {
        if case .drop = limit?.end { return true }
        return dropsAfter
    }

    /// Takes what concerns the answer.
    mutating func take(_ struck: FaultPlan.Struck) {
        switch struck.kind {
        case .dropInReply(let bytes): limit = (bytes, .drop)
        case .truncateReply(let bytes): limit = (bytes, .mute)
        case .dropAfterReply: dropsAfter = true
        case .delayReply(let seconds): delay += seconds
        case .glueReply(let count): glued = (count, struck.salt)
        case .garbageReply(let count): garbage = (count, struck.salt)
        case .wrongCount(let values, let longs): (lastValue, self.longs) = (values, longs)
        case .wrongLength(let length): self.length = length
        default: break
        }
    }

    /// The bytes as they go to the client. The first call of an answer is its packet, later ones are parts of an image.
    mutating func spoil(_ bytes: [UInt8]) -> (bytes: [UInt8], end: End) {
        guard !isMute else { return ([], .mute) }
        var out = bytes
        if isFirst {
            isFirst = false
            if let garbage { out = Self.random(garbage) }
            write(length, at: 0, into: &out)
            write(lastValue, at: 8, into: &out)
            write(longs, at: 16, into: &out)
            if let glued { out += Self.random(glued) }
            // After a packet that the client cannot read an image makes no sense.
            if garbage != nil { isMute = true }
        }
        guard let limit, sent + out.count >= limit.bytes else {
            sent += out.count
            return (out, .goOn)
        }
        out = Array(out.prefix(limit.bytes - sent))
        sent = limit.bytes
        isMute = true
        return (out, limit.end)
    }

    private func write(_ value: Int32?, at offset: Int, into bytes: inout [UInt8]) {
        guard let value, bytes.count >= offset + 4 else { return }
        withUnsafeBytes(of: value.littleEndian) { bytes.replaceSubrange(offset ..< offset + 4, with: $0) }
    }

    private static func random(_ wanted: (count: Int, salt: UInt64)) -> [UInt8] {
        var source = RandomSource(seed: wanted.salt)
        return (0 ..< wanted.count).map { _ in UInt8(truncatingIfNeeded: source.next()) }
    }
}
