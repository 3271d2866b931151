import Foundation

/// Why a file could not be read or written. Names the file, what was tried and what came back.
public struct ImageFileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What a caller decides by.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The file does not exist or may not be opened.
        case cannotOpen
        /// The operating system refused a read.
        case cannotRead
        /// The operating system refused a write.
        case cannotWrite
        /// The disk, the quota or the limit on the size of files is reached: make room, then try again.
        case diskFull
        /// The file ends before its content does: it is still being written, or a copy was cut off.
        case truncated
        /// The file is of another format.
        case wrongFormat
        /// The file is of this format but of a variant that is not read here.
        case unsupported
        /// The content contradicts itself.
        case damaged
        /// An image has not the size or the pixel type that the file has.
        case sizeMismatch
        /// The file has fewer sections.
        case noSuchSection
    }

    public var code: Code
    /// The file as the caller named it.
    public var path: String
    /// The whole sentence, with the path in it.
    public var message: String

    public init(code: Code, path: String, message: String) {
        self.code = code
        self.path = path
        self.message = message
    }

    public var description: String { message }
}

extension ImageFileError {
    static func cannotOpen(_ path: String, errno number: Int32) -> Self {
        Self(code: .cannotOpen, path: path, message: "Cannot open \(path): \(reason(number)).")
    }

    static func cannotRead(_ path: String, errno number: Int32) -> Self {
        Self(code: .cannotRead, path: path, message: "Cannot read \(path): \(reason(number)).")
    }

    /// A full disk has a code of its own, because an operator can repair it.
    static func cannotWrite(_ path: String, errno number: Int32) -> Self {
        if number == ENOSPC || number == EDQUOT {
            return Self(
                code: .diskFull, path: path,
                message: "Cannot write \(path): \(reason(number)). Free space on this disk and write again.")
        }
        if number == EFBIG {
            return Self(
                code: .diskFull, path: path,
                message: "Cannot write \(path): \(reason(number)). Raise the limit on the size of files (ulimit -f) and write again.")
        }
        return Self(code: .cannotWrite, path: path, message: "Cannot write \(path): \(reason(number)).")
    }

    static func cannotMake(_ folder: String, errno number: Int32) -> Self {
        Self(
            code: number == ENOSPC || number == EDQUOT ? .diskFull : .cannotWrite, path: folder,
            message: "Cannot make the folder \(folder): \(number == EEXIST ? "a file has this name" : reason(number)).")
    }

    static func truncated(_ path: String, expected: Int, found: Int) -> Self {
        Self(
            code: .truncated, path: path,
            message: "\(path) is incomplete: \(expected) bytes expected, \(found) found; it was cut off or is still being written.")
    }

    static func wrongFormat(_ path: String, _ format: String, _ detail: String) -> Self {
        Self(code: .wrongFormat, path: path, message: "\(path) is not a \(format) file: \(detail).")
    }

    static func unsupported(_ path: String, _ detail: String) -> Self {
        Self(code: .unsupported, path: path, message: "\(path) cannot be used: \(detail).")
    }

    static func damaged(_ path: String, _ detail: String) -> Self {
        Self(code: .damaged, path: path, message: "\(path) is damaged: \(detail).")
    }

    static func sizeMismatch(_ path: String, _ detail: String) -> Self {
        Self(code: .sizeMismatch, path: path, message: "Cannot write \(path): \(detail).")
    }

    static func noSuchSection(_ path: String, section: Int, sections: Int) -> Self {
        Self(
            code: .noSuchSection, path: path,
            message: "\(path) has no section \(section): it holds \(sections), counted from 0.")
    }

    private static func reason(_ number: Int32) -> String { String(cString: strerror(number)) }
}
