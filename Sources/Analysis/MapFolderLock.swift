import Foundation
import ImageFiles

/// Keeps a folder of maps for one command that writes targets there: the files of two would be mixed.
///
/// The lock goes with the process, however that ends; the file that tells who has it may stay, and holds nobody up.
public final class MapFolderLock: Sendable {
    public let folder: String
    private let descriptor: Int32
    private let wasMade: Bool
    private static let name = ".tomopilot_targets.lock"
    private var path: String { "\(folder)/\(Self.name)" }

    /// - Parameters:
    ///   - folder: is made where it is not there.
    ///   - work: what is done in it, for people who come second.
    /// - Throws: one sentence that says who has the folder. A file system without locks is used without one.
    public init(_ folder: String, for work: String) throws {
        self.folder = folder
        wasMade = !FileManager.default.fileExists(atPath: folder)
        try Folder.make(folder)
        let path = "\(folder)/\(Self.name)"
        while true {
            let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
            guard file >= 0 else { throw AnalysisError("\(folder) cannot be written to: \(String(cString: strerror(errno))).") }
            if flock(file, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
                var holder = Self.text(of: file)
                // Who took it a moment ago has not written down yet who it is.
                for _ in 0 ..< 20 where holder.isEmpty {
                    usleep(50_000)
                    holder = Self.text(of: file)
                }
                close(file)
                throw AnalysisError("\(folder) is being written to by \(holder.isEmpty ? "another tomopilot" : holder): wait until that has ended.")
            }
            // Whoever had the lock may have removed the file between the two.
            var (own, there) = (stat(), stat())
            guard fstat(file, &own) == 0, stat(path, &there) == 0, own.st_ino == there.st_ino else {
                close(file)
                continue
            }
            descriptor = file
            break
        }
        let line = "process \(getpid()) on \(ProcessInfo.processInfo.hostName) ('\(work)', since \(timestamp()))"
        _ = ftruncate(descriptor, 0)
        // Without it people read less; the lock holds all the same.
        _ = line.withCString { pwrite(descriptor, $0, strlen($0), 0) }
    }

    deinit {
        unlink(path)
        // Only an empty one goes.
        if wasMade { rmdir(folder) }
        close(descriptor)
    }

    private static func text(of file: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 500)
        let count = pread(file, &bytes, bytes.count, 0)
        let line = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        return String(line.filter { !$0.isNewline })
    }
}
