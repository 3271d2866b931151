internal import Foundation
internal import NIOCore

extension Conversation {
    /// Waits until the client has taken what was sent. SerialEM's Python client throws away what it reads together with the
    /// header of an image, and waits for it for ever.
    func untilTaken() async throws {
        var pause = 200
        repeat {
            // First of all the network needs some time.
            try await Task.sleep(for: .microseconds(pause))
            pause = min(2 * pause, 25_000)
            guard let waiting = bytesThatWaitForClient else { break }
            if waiting == 0 { return }
        } while channel.isActive
        // A client elsewhere shows nothing of this; one that is not very busy has read by then.
        try await Task.sleep(for: .milliseconds(25))
    }

    /// How many bytes the client has received and not read; nil unless it runs on this computer, and Linux tells.
    private var bytesThatWaitForClient: Int? {
        guard let client = channel.remoteAddress, let server = channel.localAddress, client.ipAddress == server.ipAddress,
            let from = client.port, let to = server.port,
            let table = try? String(contentsOfFile: "/proc/net/tcp", encoding: .utf8)
        else { return nil }
        for line in table.split(separator: "\n").dropFirst() {
            // Number, address and port here, those there, state, and the bytes that wait in either direction; all hexadecimal.
            let fields = line.split(separator: " ", maxSplits: 5)
            guard fields.count > 4, Self.port(fields[1]) == from, Self.port(fields[2]) == to else { continue }
            return Int(fields[4].drop { $0 != ":" }.dropFirst(), radix: 16)
        }
        return nil
    }

    private static func port(_ address: Substring) -> Int? { Int(address.drop { $0 != ":" }.dropFirst(), radix: 16) }
}
