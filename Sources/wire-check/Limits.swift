import ArgumentParser

/// The limits that both checks take.
enum Limits {
    static func check(memory: Int, limit: UInt32) throws {
        guard (0 ... 1_000_000).contains(memory) else {
            throw ValidationError("--memory has to be from 0 to 1000000 megabytes; \(memory) is not.")
        }
        guard limit >= 1 else { throw ValidationError("--limit has to be 1 second or more; \(limit) is not.") }
    }
}
