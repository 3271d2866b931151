import CImageCodecs

extension MRCFile {
    /// A checksum of the pixels of sections as they lie in the file, 16 hexadecimal digits; headers, which SerialEM may write
    /// again, do not count. The file is read in pieces.
    ///
    /// It tells by accident changed pixels from the same ones and does not protect them.
    public func checksum(sections: some Sequence<Int>) throws(ImageFileError) -> String {
        var sum: UInt64 = 0xcbf2_9ce4_8422_2325
        for section in sections {
            let begin = try offset(ofWhole: section)
            var done = 0
            while done < header.bytesPerImage {
                let piece = try bytes(count: min(Self.pieceBytes, header.bytesPerImage - done), at: begin + done)
                sum = codec_checksum(sum, piece, piece.count)
                done += piece.count
            }
        }
        let digits = String(sum, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// A multiple of the words that the checksum takes.
    private static let pieceBytes = 1 << 20
}
