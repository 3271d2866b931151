/// Why a file with a network is not taken, as one sentence that names the file.
public struct ModelFileError: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String
    init(_ file: String, _ damage: Damage) { description = "\(file): \(damage.reason)" }
}

/// What is wrong inside of a file; whoever knows the file's name makes a ``ModelFileError`` of it.
struct Damage: Error, Sendable, Hashable {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}
