import CImageCodecs

extension codec_reason {
    /// The words of the codec.
    var words: String {
        withUnsafeBytes(of: text) { bytes in String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// What a status of the C functions means for a file.
    func error(_ status: Int32, path: String, format: String) -> ImageFileError {
        switch Int(status) {
        case CODEC_CANNOT_OPEN: .cannotOpen(path, errno: system_error)
        case CODEC_CANNOT_WRITE where system_error != 0: .cannotWrite(path, errno: system_error)
        case CODEC_WRONG_FORMAT: .wrongFormat(path, format, words)
        case CODEC_DAMAGED where system_error != 0: .cannotRead(path, errno: system_error)
        case CODEC_DAMAGED: .damaged(path, words)
        case CODEC_WRONG_LENGTH: .sizeMismatch(path, words)
        case CODEC_UNSUPPORTED: .unsupported(path, words)
        default: ImageFileError(code: .cannotWrite, path: path, message: "Cannot process \(path): \(words).")
        }
    }
}

/// A hostile or damaged header may declare any size; no map of a session has more pixels than this (46 000 x 46 000).
let largestPixelCount = 1 << 31
