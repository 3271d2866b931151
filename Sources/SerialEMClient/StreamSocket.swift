import Foundation
import SerialEMProtocol
import Locks

/// Why a connection ended.
enum EndReason: Error, Hashable {
    /// It broke, or was closed at either end.
    case closed
    /// The deadline of an exchange passed.
    case deadline
    /// Bytes came that nobody asked for.
    case unasked([UInt8])
    /// Bytes came that do not follow the protocol; the first of them tell who sent them.
    case malformed(ProtocolError, [UInt8])
}

/// A connected TCP socket. One task at a time sends and receives; anybody may end it, which wakes whoever waits.
final class StreamSocket: Sendable {
    private struct State {
        var descriptor: Int32?
        var reason: EndReason?
        /// Whether an exchange runs, on whatever thread.
        var isHeld = false
        var isToBeClosed = false
    }

    private let state: Locked<State>

    /// Takes a connected socket that does not block.
    init(_ descriptor: Int32) {
        state = Locked(State(descriptor: descriptor))
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close() }

    /// The first reason, if the connection has ended.
    var endReason: EndReason? { state.withLock { $0.reason } }

    /// Whether the connection is still there and nothing has come that nobody asked for.
    var isOpen: Bool { (try? checkIsQuiet()) != nil }

    /// Ends the connection for both sides, and gives the first reason for it.
    @discardableResult
    func end(_ reason: EndReason) -> EndReason {
        state.withLock { state in
            if let first = state.reason { return first }
            state.reason = reason
            if let descriptor = state.descriptor { shutdown(descriptor, Int32(SHUT_RDWR)) }
            return reason
        }
    }

    /// Keeps the descriptor for an exchange: another socket of the program must not get it while this one is waited for.
    func hold() { state.withLock { $0.isHeld = true } }

    /// The end of an exchange.
    func release() {
        state.withLock { $0.isHeld = false }
        if state.withLock({ $0.isToBeClosed }) { close() }
    }

    /// Gives the descriptor back, after the exchange that runs; ``end(_:)`` ends that one.
    func close() {
        let descriptor = state.withLock { state in
            state.reason = state.reason ?? .closed
            state.isToBeClosed = true
            return state.isHeld ? nil : state.descriptor.take()
        }
        if let descriptor { Glibc.close(descriptor) }
    }

    /// Throws why the connection has ended, or that bytes wait which nobody asked for.
    func checkIsQuiet() throws(EndReason) {
        // Under the lock, for anybody may ask, and the descriptor may not be given back meanwhile.
        let unasked = try state.withLock { state throws(EndReason) -> [UInt8] in
            if let reason = state.reason { throw reason }
            guard let descriptor = state.descriptor else { throw .closed }
            var bytes = [UInt8](repeating: 0, count: 32)
            let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_PEEK | MSG_DONTWAIT))
            if count < 0, errno == EAGAIN || errno == EINTR { return [] }
            guard count > 0 else { throw .closed }
            return Array(bytes[..<count])
        }
        if !unasked.isEmpty { throw .unasked(unasked) }
    }

    /// Sends as many bytes, from one on, as the network takes at once, and gives how many of all are sent.
    func sendAtOnce(_ bytes: [UInt8], from start: Int = 0) throws(EndReason) -> Int {
        let descriptor = try openDescriptor()
        while true {
            let count = bytes.withUnsafeBytes { raw in
                Glibc.send(
                    descriptor, raw.baseAddress.map { $0 + start }, raw.count - start, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
            if count >= 0 { return start + count }
            if errno == EAGAIN { return start }
            guard errno == EINTR else { throw .closed }
        }
    }

    /// Sends all bytes, or those from one on. Bytes that come meanwhile are not asked for.
    func send(_ bytes: [UInt8], from start: Int = 0, until limit: ContinuousClock.Instant) throws(EndReason) {
        var sent = start
        while sent < bytes.count {
            sent = try sendAtOnce(bytes, from: sent)
            guard sent < bytes.count else { return }
            if try wait(try openDescriptor(), for: POLLIN | POLLOUT, until: limit) & POLLIN != 0 { try checkIsQuiet() }
        }
    }

    /// Whether a whole packet of up to a kilobyte, or the end, is there to be received at once.
    func hasPacket(until limit: ContinuousClock.Instant) throws(EndReason) -> Bool {
        let descriptor = try openDescriptor()
        guard waitForEvents(descriptor, POLLIN, until: limit) != nil else { return false }
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_PEEK | MSG_DONTWAIT))
        guard count > 0 else { return count == 0 }
        var reader = PacketReader()
        reader.append(bytes[..<count])
        // What is no packet is seen again when it is received.
        return (try? reader.missing()) ?? 0 == 0
    }

    /// Receives at least one byte.
    func receive(into memory: UnsafeMutableRawBufferPointer, until limit: ContinuousClock.Instant) throws(EndReason) -> Int {
        let descriptor = try openDescriptor()
        while true {
            _ = try wait(descriptor, for: POLLIN, until: limit)
            let count = recv(descriptor, memory.baseAddress, memory.count, Int32(MSG_DONTWAIT))
            if count > 0 { return count }
            guard count < 0, errno == EAGAIN || errno == EINTR else { throw .closed }
        }
    }

    /// Receives at least one byte into the beginning of an array.
    func receive(into array: inout [UInt8], atMost length: Int, until limit: ContinuousClock.Instant) throws(EndReason) -> Int {
        try array.withUnsafeMutableBytes { raw in
            Result { () throws(EndReason) in
                try receive(into: UnsafeMutableRawBufferPointer(rebasing: raw[..<length]), until: limit)
            }
        }.get()
    }

    private func openDescriptor() throws(EndReason) -> Int32 {
        try state.withLock { state throws(EndReason) in
            guard let descriptor = state.descriptor, state.reason == nil else { throw state.reason ?? .closed }
            return descriptor
        }
    }

    /// Waits until something happens, and says what.
    private func wait(_ descriptor: Int32, for events: Int32, until limit: ContinuousClock.Instant) throws(EndReason) -> Int32 {
        guard let happened = waitForEvents(descriptor, events, until: limit) else { throw endReason ?? .deadline }
        return happened
    }
}

/// Waits for events of a descriptor; nil when the time is over.
func waitForEvents(_ descriptor: Int32, _ events: Int32, until limit: ContinuousClock.Instant) -> Int32? {
    while true {
        let milliseconds = (limit - .now) / .milliseconds(1)
        guard milliseconds > 0 else { return nil }
        var waited = pollfd(fd: descriptor, events: Int16(truncatingIfNeeded: events), revents: 0)
        let count = poll(&waited, 1, Int32(min(milliseconds.rounded(.up), 86_400_000)))
        // What comes when the time is over comes too late, however slow this computer is.
        if count > 0 { return ContinuousClock.now < limit ? Int32(waited.revents) : nil }
    }
}
