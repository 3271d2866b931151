import ArgumentParser
import Foundation
import SerialEMProtocol

/// A socket that is read and written until done.
struct BlockingStream {
    private let socket: Int32
    private var reader = PacketReader()

    init(_ socket: Int32) { self.socket = socket }

    /// Connects to a port of this computer.
    init(port: Int) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw ValidationError("Nobody listens on port \(port).") }
        var on: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// The next packet; nil at the end.
    mutating func packet() throws -> [UInt8]? {
        while true {
            if let packet = try reader.nextPacket() { return packet }
            var part = [UInt8](repeating: 0, count: 1024)
            let count = recv(socket, &part, part.count, 0)
            guard count > 0 else { return nil }
            reader.append(part.prefix(count))
        }
    }

    func send(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { raw in
            var done = 0
            while done < raw.count {
                let count = Glibc.send(socket, raw.baseAddress.map { $0 + done }, raw.count - done, Int32(MSG_NOSIGNAL))
                guard count > 0 else { return }
                done += count
            }
        }
    }
}
