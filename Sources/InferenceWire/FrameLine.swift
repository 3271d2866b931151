import Foundation

/// Length-prefixed frames over file descriptors: `UInt32 n (little-endian) | n bytes`.
///
/// Calls block; they belong on a thread of their own and not on Swift's cooperative pool.
public struct FrameLine: Sendable {
    private let input: Int32
    private let output: Int32
    private let isSocket: Bool
    /// Larger than any tensor of ours (a detector tile has 12 MiB), smaller than what would exhaust a machine.
    static let largestFrame = 1 << 30

    /// - Parameter isSocket: whether `output` is a socket; writing to a dead peer is then an error and not a signal.
    public init(input: Int32, output: Int32, isSocket: Bool) {
        self.input = input
        self.output = output
        self.isSocket = isSocket
    }

    /// Sends one frame.
    public func send(_ frame: [UInt8]) throws(WireError) {
        guard frame.count <= Self.largestFrame else { throw .frameTooLarge(frame.count) }
        let length = UInt32(frame.count)
        try write([UInt8(truncatingIfNeeded: length), UInt8(truncatingIfNeeded: length >> 8),
                   UInt8(truncatingIfNeeded: length >> 16), UInt8(truncatingIfNeeded: length >> 24)])
        try write(frame)
    }

    /// Waits for one frame; nil when the peer closed the line between frames.
    public func receive() throws(WireError) -> [UInt8]? {
        guard let head = try read(4) else { return nil }
        let length = Int(head[0]) | Int(head[1]) << 8 | Int(head[2]) << 16 | Int(head[3]) << 24
        guard length <= Self.largestFrame else { throw .frameTooLarge(length) }
        guard let frame = try read(length) else { throw .brokenLine }
        return frame
    }

    private func write(_ bytes: [UInt8]) throws(WireError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
                #if os(Linux)
                let flags = Int32(MSG_NOSIGNAL)
                #else
                let flags: Int32 = 0
                #endif
                return isSocket
                    ? Foundation.send(output, rest.baseAddress, rest.count, flags)
                    : Foundation.write(output, rest.baseAddress, rest.count)
            }
            if count < 0 {
                guard errno == EINTR else { throw .system(errno) }
            } else {
                done += count
            }
        }
    }

    /// Exactly this many bytes, or nil if the line ends before the first of them.
    private func read(_ count: Int) throws(WireError) -> [UInt8]? {
        var done = 0
        var failure: WireError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while done < count {
                let part = UnsafeMutableBufferPointer(rebasing: buffer[done...])
                let got = Foundation.read(input, part.baseAddress, part.count)
                if got > 0 {
                    done += got
                } else if got == 0 {
                    break
                } else if errno != EINTR {
                    // A worker that was killed resets its socket; for the reader that is an end like any other.
                    failure = errno == ECONNRESET ? nil : .system(errno)
                    break
                }
            }
            filled = done
        }
        if let failure { throw failure }
        if done == count { return bytes }
        guard done == 0 else { throw .brokenLine }
        return nil
    }
}
