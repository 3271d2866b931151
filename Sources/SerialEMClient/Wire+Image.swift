import Foundation
import SerialEMProtocol

extension Wire {
    /// More memory than this is taken only when the bytes have come: a header can announce two gigabytes and send nothing.
    private static let takenAtOnce = 256 << 20

    /// Receives the bytes of an image right where they stay.
    func receiveImage(_ chunks: ImageChunks, until limit: ContinuousClock.Instant) throws(EndReason) -> [UInt8] {
        var image: [UInt8] = []
        while image.count < chunks.byteCount {
            let start = image.count
            var failure: EndReason?
            let part = [UInt8](unsafeUninitializedCapacity: min(Self.takenAtOnce, chunks.byteCount - start)) { memory, count in
                Self.takeInLargePages(memory)
                do throws(EndReason) {
                    try receive(into: UnsafeMutableRawBufferPointer(memory), at: start, of: chunks, until: limit)
                    count = memory.count
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            if start == 0 { image = part } else { image += part }
        }
        return image
    }

    /// Getting fresh memory page by page costs as much as receiving an image into it.
    private static func takeInLargePages(_ memory: UnsafeMutableBufferPointer<UInt8>) {
        guard let start = memory.baseAddress, memory.count >= 4 << 20 else { return }
        let pageSize = 4096
        let before = -Int(bitPattern: start) & (pageSize - 1)
        madvise(start + before, (memory.count - before) & ~(pageSize - 1), Int32(MADV_HUGEPAGE))
    }

    /// Fills a part of an image, and asks for each chunk but the first.
    private func receive(
        into memory: UnsafeMutableRawBufferPointer, at start: Int, of chunks: ImageChunks, until limit: ContinuousClock.Instant
    ) throws(EndReason) {
        var filled = 0
        while filled < memory.count {
            let position = start + filled
            if position > 0, position % chunks.chunkLength == 0 {
                // SerialEM sends nothing more before the handshake.
                try socket.checkIsQuiet()
                try socket.send(ChunkHandshake.bytes, until: limit)
            }
            let wanted = min(memory.count - filled, chunks.chunkLength - position % chunks.chunkLength)
            filled += try socket.receive(
                into: UnsafeMutableRawBufferPointer(rebasing: memory[filled..<filled + wanted]), until: limit)
        }
    }
}
