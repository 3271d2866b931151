import ArgumentParser
import Foundation

/// What can be told before the simulator starts: that its logs can be written, and that its address is one of this computer.
enum StartChecks {
    /// The files are made where they do not exist; what is in them stays.
    static func requireWritable(_ option: String, _ path: String?) throws {
        guard let path else { return }
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        guard file >= 0 else { throw ValidationError("\(option): the file \(path) cannot be written: \(reason(errno)).") }
        close(file)
    }

    /// The name has to be known, and a socket has to bind to its address with a port that is free for certain.
    static func requireOwnAddress(_ host: String) throws {
        var hints = addrinfo()
        #if canImport(Glibc)
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
        hints.ai_socktype = SOCK_STREAM
        #endif
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &found)
        guard status == 0, let address = found else {
            throw ValidationError("--host: there is no address of the name \(host): \(String(cString: gai_strerror(status))).")
        }
        defer { freeaddrinfo(found) }
        let probe = socket(address.pointee.ai_family, address.pointee.ai_socktype, address.pointee.ai_protocol)
        guard probe >= 0 else { throw ValidationError("--host: \(host) cannot be listened on: \(reason(errno)).") }
        defer { close(probe) }
        guard bind(probe, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 else {
            throw ValidationError("--host: \(host) is not an address to listen on: \(reason(errno)).")
        }
    }

    private static func reason(_ number: Int32) -> String { String(cString: strerror(number)) }
}
