import NIOCore
import SerialEMProtocol

/// The bytes of an image as they come, put at once where they stay: from the network's buffer they are copied one time.
struct ImageReception {
    /// What to do next.
    enum Progress {
        /// Wait for more.
        case incomplete
        /// Ask for the next chunk.
        case chunkComplete
        /// Nothing, the image is whole.
        case complete
    }

    /// More memory than this is taken only when the bytes come: a header can announce two gigabytes and send nothing.
    private static let reservedAtOnce = 256 << 20

    private let chunks: ImageChunks
    private var chunkEnd: Int
    /// What has come.
    private(set) var bytes: [UInt8] = []

    init(_ chunks: ImageChunks) {
        self.chunks = chunks
        chunkEnd = min(chunks.chunkLength, chunks.byteCount)
        bytes.reserveCapacity(min(chunks.byteCount, Self.reservedAtOnce))
    }

    /// Takes what belongs to the chunk that is under way, and leaves the rest.
    mutating func take(from buffer: inout ByteBuffer) -> Progress {
        let count = min(buffer.readableBytes, chunkEnd - bytes.count)
        buffer.readWithUnsafeReadableBytes { readable in
            readable.prefix(count).withMemoryRebound(to: UInt8.self) { bytes.append(contentsOf: $0) }
            return count
        }
        guard bytes.count == chunkEnd else { return .incomplete }
        if chunkEnd == chunks.byteCount { return .complete }
        chunkEnd = min(chunkEnd + chunks.chunkLength, chunks.byteCount)
        return .chunkComplete
    }
}
