import GRDB

/// What SQLite says of a file that it cannot use.
enum FileFailure {
    case noRoom(String)
    /// Another program has it open.
    case inUse
    case damaged(String)
    case other(String)

    static let newer = "was written by a newer TomoPilot than this one, and was left as it is; use that version to go on with it"

    /// nil where it is no error of SQLite.
    init?(_ error: any Error) {
        guard let error = error as? DatabaseError else { return nil }
        let what = error.message ?? "code \(error.resultCode.rawValue)"
        self =
            switch error.resultCode {
            case .SQLITE_FULL: .noRoom("the disk is full; free space on it")
            case .SQLITE_IOERR: .noRoom("\(what) (is the disk full, or the limit on the size of files reached?)")
            case .SQLITE_BUSY, .SQLITE_LOCKED: .inUse
            case .SQLITE_NOTADB, .SQLITE_CORRUPT: .damaged(what)
            default: .other(what)
            }
    }
}
