import Foundation

/// Why there is no connection, as an operator reads it.
struct ConnectFailure: Error {
    let reason: String
}

extension StreamSocket {
    /// Connects to the first address of a host that answers; the time counts from the host's addresses being known.
    static func connect(host: String, port: Int, timeout: Duration) throws(ConnectFailure) -> StreamSocket {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard (1...65535).contains(port), getaddrinfo(host, "\(port)", &hints, &found) == 0 else {
            throw ConnectFailure(reason: "the name \(host) is not known")
        }
        defer { freeaddrinfo(found) }
        let limit = ContinuousClock.now + timeout
        var first: ConnectFailure?
        var next = found
        while let address = next?.pointee {
            next = address.ai_next
            do throws(ConnectFailure) {
                return StreamSocket(try connected(to: address, until: limit))
            } catch {
                first = first ?? error
            }
        }
        throw first ?? ConnectFailure(reason: "the name \(host) has no address")
    }

    private static func connected(to address: addrinfo, until limit: ContinuousClock.Instant) throws(ConnectFailure) -> Int32 {
        let descriptor = socket(
            address.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw ConnectFailure(reason: text(of: errno)) }
        if let failure = failureOfConnecting(descriptor, address, until: limit) {
            Glibc.close(descriptor)
            throw failure
        }
        return descriptor
    }

    private static func failureOfConnecting(
        _ descriptor: Int32, _ address: addrinfo, until limit: ContinuousClock.Instant
    ) -> ConnectFailure? {
        if Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 { return nil }
        guard errno == EINPROGRESS || errno == EINTR else { return ConnectFailure(reason: text(of: errno)) }
        guard waitForEvents(descriptor, Int32(POLLOUT), until: limit) != nil else {
            return ConnectFailure(reason: "no answer in time")
        }
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
        return error == 0 ? nil : ConnectFailure(reason: text(of: error))
    }

    private static func text(of error: Int32) -> String {
        error == ECONNREFUSED ? "connection refused" : String(cString: strerror(error))
    }
}
