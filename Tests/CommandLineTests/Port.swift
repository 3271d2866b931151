import Foundation

/// A port of the loopback that is not SerialEM's.
final class Port: Sendable {
    private let descriptor: Int32
    let number: Int

    private init?(listening: Bool) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = descriptor
        let isReady = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && (!listening || listen(socket, 8) == 0) && getsockname(socket, $0, &length) == 0
            }
        }
        number = Int(UInt16(bigEndian: address.sin_port))
        guard isReady else {
            close(descriptor)
            return nil
        }
    }

    deinit {
        // Also wakes whoever waits for a client.
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    /// Nobody listens, and nobody else can take the port meanwhile.
    static func withoutListener() -> Port? { Port(listening: false) }

    /// What a stranger does with its first client.
    enum Manner: Sendable { case sayAtOnce(String), answer([UInt8]), echo, hangUp, beSilent }

    /// Something else than SerialEM.
    static func stranger(_ manner: Manner) -> Port? {
        guard let port = Port(listening: true) else { return nil }
        let listener = port.descriptor
        Thread {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { return }
            defer { close(client) }
            var bytes = [UInt8](repeating: 0, count: 4096)
            switch manner {
            case .sayAtOnce(let text): _ = send(client, text, text.utf8.count, Int32(MSG_NOSIGNAL))
            case .hangUp: return
            case .beSilent: break
            case .answer(let answer):
                _ = recv(client, &bytes, bytes.count, 0)
                _ = send(client, answer, answer.count, Int32(MSG_NOSIGNAL))
            case .echo: break
            }
            // Until the other side goes.
            while true {
                let count = recv(client, &bytes, bytes.count, 0)
                guard count > 0 else { return }
                if case .echo = manner { _ = send(client, bytes, count, Int32(MSG_NOSIGNAL)) }
            }
        }.start()
        return port
    }
}
