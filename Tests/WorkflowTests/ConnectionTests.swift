import Foundation
import Logging
import Microscope
import SerialEMMicroscope
import Testing

@Suite struct ConnectionTests {
    /// A listening socket on a free port of the loopback.
    private struct Listener {
        let descriptor: Int32
        let port: Int

        init?(listening: Bool = true) {
            let opened = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard opened >= 0 else { return nil }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let bound = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(opened, $0, length) == 0 && (!listening || listen(opened, 1) == 0) && getsockname(opened, $0, &length) == 0
                }
            }
            guard bound else { return nil }
            descriptor = opened
            port = Int(UInt16(bigEndian: address.sin_port))
        }
    }

    @Test func aPortWhereNobodyListensIsOneSentence() async throws {
        // Bound but never listened on, so that no other test can take the port meanwhile.
        let listener = try #require(Listener(listening: false))
        defer { close(listener.descriptor) }
        do {
            _ = try await SerialEMMicroscope.connect(host: "127.0.0.1", port: listener.port, logger: Logger(label: "test"))
            Issue.record("it connected")
        } catch let error as MicroscopeError {
            #expect(error.code == .unreachable)
            #expect(error.message.contains("127.0.0.1:\(listener.port)"))
            #expect(!error.message.contains("\n"))
        }
    }

    @Test func aPortWhereSomethingElseAnswersIsOneSentence() async throws {
        let listener = try #require(Listener())
        defer { close(listener.descriptor) }
        let thread = Thread {
            let client = accept(listener.descriptor, nil, nil)
            let text = Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)
            _ = text.withUnsafeBytes { write(client, $0.baseAddress, $0.count) }
            close(client)
        }
        thread.start()
        do {
            let microscope = try await SerialEMMicroscope.connect(
                host: "127.0.0.1", port: listener.port, logger: Logger(label: "test"))
            _ = try await microscope.begin()
            Issue.record("it took control")
        } catch let error as MicroscopeError {
            #expect(error.code == .unreachable || error.code == .lost)
            #expect(!error.message.contains("\n"))
        }
    }
}
