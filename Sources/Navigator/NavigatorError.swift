import Foundation

/// Why a Navigator file could not be read or written.
public struct NavigatorError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable, CaseIterable {
        case cannotRead
        case cannotWrite
        /// Not a Navigator file.
        case wrongFormat
    }

    public var code: Code
    /// The file, or nil for text from elsewhere.
    public var path: String?
    public var message: String

    public var description: String { message }

    static func cannotRead(_ path: String, _ reason: String) -> Self {
        Self(code: .cannotRead, path: path, message: "Cannot read the Navigator file \(path): \(reason)")
    }

    static func cannotWrite(_ path: String, _ reason: String) -> Self {
        Self(code: .cannotWrite, path: path, message: "Cannot write the Navigator file \(path): \(reason)")
    }

    /// The words of the operating system, which say more than Foundation's.
    static func reason(of error: any Error) -> String {
        guard let cause = (error as? CocoaError)?.underlying as? POSIXError else { return error.localizedDescription }
        return "\(String(cString: strerror(cause.code.rawValue)))."
    }

    static func wrongFormat(_ detail: String) -> Self {
        Self(code: .wrongFormat, path: nil, message: "This is not a Navigator file of SerialEM: \(detail).")
    }

    func at(_ path: String) -> Self {
        var copy = self
        copy.path = path
        copy.message = message.replacing("This is", with: "\(path) is", maxReplacements: 1)
        return copy
    }
}
