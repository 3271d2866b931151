import Foundation

/// An error as one sentence for a person. Our own errors are sentences; Foundation's are not.
public func sentence(_ error: any Error) -> String {
    switch error {
    case is CancellationError: "The run was cancelled."
    case let error as CocoaError:
        [error.localizedDescription, error.filePath.map { "(\($0))" }].compactMap { $0 }.joined(separator: " ")
    default: "\(error)"
    }
}

extension String {
    /// The text without an ending, where it has it.
    func trimmingSuffix(_ suffix: String) -> String { hasSuffix(suffix) ? String(dropLast(suffix.count)) : self }
}
