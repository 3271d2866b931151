import Foundation
import Microscope

/// Keeps a SerialEM for one tomopilot of this computer at a time: SerialEM serves one client, and a second one takes the connection
/// away from the first in the middle of whatever it does.
///
/// The lock is a name in Linux's abstract socket namespace (unix(7)): it is one for all users and folders, needs no file, and goes
/// with the process, however that ends. Programs on other computers, and others than tomopilot, it cannot keep away.
public final class MicroscopeLock: Sendable {
    private let descriptor: Int32

    /// - Throws: ``MicroscopeError`` with the code `busy` if another tomopilot has it, naming its process.
    public init(host: String, port: Int) throws {
        let name = "tomopilot/serialem/\(Self.address(of: host)):\(port)"
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw MicroscopeError(.busy, "No lock for SerialEM at \(host):\(port) can be made: \(String(cString: strerror(errno))).") }
        guard Self.withAddress(name, { bind(descriptor, $0, $1) }) == 0, listen(descriptor, 1) == 0 else {
            let reason = errno
            close(descriptor)
            guard reason == EADDRINUSE else {
                throw MicroscopeError(.busy, "No lock for SerialEM at \(host):\(port) can be made: \(String(cString: strerror(reason))).")
            }
            let holder = Self.holder(of: name).map { " (\($0))" } ?? ""
            throw MicroscopeError(
                .busy, "SerialEM at \(host):\(port) is driven by another tomopilot of this computer\(holder), and serves one at a time; end that, or let it finish.")
        }
    }

    deinit { close(descriptor) }

    /// The lock, for which is waited that long: another tomopilot may only look.
    public static func waiting(_ limit: Duration, host: String, port: Int) async throws -> MicroscopeLock {
        let deadline = ContinuousClock.now + limit
        while true {
            do {
                return try MicroscopeLock(host: host, port: port)
            } catch where ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    /// What other names of a host have in common with it: its number, where it has one.
    private static func address(of host: String) -> String {
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, nil, &found) == 0, let first = found else { return host.lowercased() }
        defer { freeaddrinfo(first) }
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard getnameinfo(first.pointee.ai_addr, first.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else { return host.lowercased() }
        let number = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return number == "::1" ? "127.0.0.1" : number
    }

    private static func withAddress(_ name: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A zero first makes it an abstract name.
        let bytes = [0] + Array(name.utf8)
        let length = withUnsafeMutableBytes(of: &address.sun_path) { path in
            let length = min(bytes.count, path.count)
            path.copyBytes(from: bytes.prefix(length))
            return length
        }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sa_family_t>.size + length)) }
        }
    }

    /// Who has a lock: `process 4711: tomopilot run session.yaml`.
    private static func holder(of name: String) -> String? {
        let asking = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard asking >= 0 else { return nil }
        defer { close(asking) }
        guard withAddress(name, { connect(asking, $0, $1) }) == 0 else { return nil }
        // Process, user and group, each a 32-bit number (unix(7)).
        var credentials: [Int32] = [0, 0, 0]
        var length = socklen_t(3 * MemoryLayout<Int32>.size)
        guard getsockopt(asking, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else { return nil }
        let line = FileManager.default.contents(atPath: "/proc/\(credentials[0])/cmdline") ?? Data()
        var words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        if let program = words.first { words[0] = URL(fileURLWithPath: program).lastPathComponent }
        let command = String(words.joined(separator: " ").prefix(200).map { $0.isNewline ? " " : $0 })
        return "process \(credentials[0])" + (command.isEmpty ? "" : ": \(command)")
    }
}
