/// Cuts a stream of bytes into packets, however the network cut it. Both sides use it: the client for replies, the
/// server for requests, and both take the raw bytes of images from between the packets.
public struct PacketReader: Sendable {
    /// The longest packet that is taken for one; images are not part of packets.
    public let maximumLength: Int
    private var bytes: [UInt8] = []
    private var start = 0

    /// Makes an empty reader that refuses packets longer than a limit, 64 MiB if not said otherwise.
    public init(maximumLength: Int = 64 << 20) { self.maximumLength = maximumLength }

    /// Bytes that were appended and not taken yet.
    public var count: Int { bytes.count - start }

    /// Adds bytes from the network.
    public mutating func append(_ more: some Sequence<UInt8>) {
        if start == bytes.count {
            bytes.removeAll(keepingCapacity: true)
            start = 0
        }
        bytes.append(contentsOf: more)
    }

    /// How many bytes must come at least before there is a packet; zero when one is whole.
    public func missing() throws(ProtocolError) -> Int {
        guard count >= 4 else { return 4 - count }
        return max(0, try length() - count)
    }

    /// The next whole packet with its length field, or `nil` while bytes are missing.
    ///
    /// After an error the stream has no meaning any more and the connection must be closed, or be emptied as SerialEM does.
    public mutating func nextPacket() throws(ProtocolError) -> [UInt8]? {
        guard count >= 4 else { return nil }
        return take(try length())
    }

    /// What the length field says, if a packet can have that length.
    private func length() throws(ProtocolError) -> Int {
        // The length is a signed number on the wire.
        let length = Int(Int32(bitPattern: bytes[start..<start + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }))
        guard length <= maximumLength else {
            throw ProtocolError(.tooLong, "A packet says that it has \(length) bytes.")
        }
        guard length >= 8 else {
            throw ProtocolError(.tooShort, "A packet says that it has only \(length) bytes.")
        }
        return length
    }

    /// A number of bytes as they came, or `nil` while some are missing.
    public mutating func take(_ wanted: Int) -> [UInt8]? {
        guard wanted >= 0, count >= wanted else { return nil }
        if start == 0, wanted == bytes.count {
            // Nothing is left behind, so nothing is copied.
            defer { bytes = [] }
            return bytes
        }
        let taken = Array(bytes[start..<start + wanted])
        start += wanted
        if start == bytes.count || start > 1 << 20 {
            bytes.removeFirst(start)
            start = 0
        }
        return taken
    }

    /// Forgets everything that was not taken; SerialEM does so after each request.
    public mutating func removeAll() {
        bytes.removeAll()
        start = 0
    }
}
