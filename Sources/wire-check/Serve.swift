import ArgumentParser
import Foundation
import SerialEMProtocol

/// `wire-check serve`: a server that does no work, so that a benchmark shows what the clients themselves cost. It answers
/// every command with three numbers.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Answer a SerialEM client without doing anything.")

    func run() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 2) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard bound else { throw ValidationError("No port can be taken.") }
        print("listening on 127.0.0.1:\(UInt16(bigEndian: address.sin_port))")
        fflush(nil)
        while true {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { continue }
            var on: Int32 = 1
            setsockopt(client, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
            var stream = BlockingStream(client)
            try? answer(&stream)
            close(client)
        }
    }

    private func answer(_ stream: inout BlockingStream) throws {
        let reply = try CommandReply(values: [.number(12.5), .number(-3.25), .number(100)]).encoded()
        while let packet = try stream.packet() {
            switch try Request.decode(packet) {
            case .okToRun: stream.send(OKToRunReply(ok: true).encoded())
            case .command: stream.send(reply)
            case .bufferImage, .putImage: throw ValidationError("This server has no images.")
            }
        }
    }
}
