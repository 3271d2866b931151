public import Foundation

/// Files that exist whole or not at all: written under a temporary name beside the target, flushed to the disk, renamed.
///
/// A reader never sees half a file, and a crash or a full disk leaves the former content in place.
public enum WholeFile {
    /// Replaces the content of a file.
    public static func write(_ bytes: [UInt8], to path: String) throws(ImageFileError) {
        try write(to: path) { file throws(ImageFileError) in try file.append(bytes) }
    }

    /// Replaces the content of a file by what `body` appends; nothing changes at `path` if `body` throws.
    public static func write(
        to path: String, body: (TemporaryFile) throws(ImageFileError) -> Void
    ) throws(ImageFileError) {
        let file = try TemporaryFile(for: path)
        try body(file)
        try file.commit()
    }

    /// Replaces the contents of several files: all are on the disk before the first gets its name, so that a full disk leaves them as they were.
    public static func write(_ files: [(path: String, bytes: [UInt8])]) throws(ImageFileError) {
        var open: [TemporaryFile] = []
        for (path, bytes) in files {
            let file = try TemporaryFile(for: path)
            try file.append(bytes)
            open.append(file)
        }
        for file in open { try file.commit() }
    }

    /// Removes what writers that were killed left in a folder. Nobody else may be writing there.
    public static func removeLeftovers(in folder: String) {
        // A folder that cannot be listed has nothing that could be removed.
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where TemporaryFile.isName(name) {
            unlink(folder + "/" + name)
        }
    }

    /// Removes what writers of these files have left that were killed. Others may be writing them: who does has a lock on what is not finished.
    public static func removeAbandoned(of paths: [String]) {
        for (folder, files) in Dictionary(grouping: paths, by: Folder.of) {
            let place = folder.isEmpty ? "." : folder
            let names = files.map { ($0 as NSString).lastPathComponent }
            for name in (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? [] where names.contains(where: { TemporaryFile.isName(name, for: $0) }) {
                let left = open(place + "/" + name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
                guard left >= 0 else { continue }
                var status = stat()
                if fstat(left, &status) == 0, status.st_mode & S_IFMT == S_IFREG, flock(left, LOCK_EX | LOCK_NB) == 0 { unlink(place + "/" + name) }
                close(left)
            }
        }
    }
}

/// Text and data files that exist whole or not at all.
public enum AtomicFile {
    /// Replaces the content of a file.
    public static func write(_ data: Data, to path: String) throws(ImageFileError) {
        try WholeFile.write([UInt8](data), to: path)
    }

    /// Replaces the content of a file by text in UTF-8.
    public static func write(_ text: String, to path: String) throws(ImageFileError) {
        try WholeFile.write(Array(text.utf8), to: path)
    }
}

/// A file on its way to its final name. Unless ``WholeFile`` commits it, it disappears with its last user.
///
/// What a writer that was killed left goes with the next one of the same name. A writer holds a lock on its temporary file as long
/// as it has it open: what is not locked has no writer any more. On a file system without locks leftovers stay.
public final class TemporaryFile {
    /// The final name.
    public let path: String
    /// The present name, beside the final one (a rename across disks is not atomic).
    let temporaryPath: String
    private let file: FileDescriptor
    private var length = 0
    private var isCommitted = false

    init(for path: String) throws(ImageFileError) {
        self.path = path
        WholeFile.removeAbandoned(of: [path])
        while true {
            // Six digits and more.
            let unique = String(UInt64.random(in: 100_000_000 ... .max), radix: 36)
            let temporary = "\(path).\(unique).tmp"
            do {
                let file = try FileDescriptor.creating(temporary, exclusive: true)
                // Before it was locked, another writer may have taken it for abandoned.
                if flock(file.number, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK { continue }
                var status = stat()
                if fstat(file.number, &status) == 0, status.st_nlink == 0 { continue }
                (self.file, temporaryPath) = (file, temporary)
                return
            } catch {
                // The operator knows the target, not the temporary name.
                throw ImageFileError(
                    code: error.code, path: path,
                    message: error.message.replacingOccurrences(of: temporary, with: path))
            }
        }
    }

    /// Whether a file's name is one of those given here: `map.png.3kwggn9o8p8ls.tmp`.
    static func isName(_ name: String) -> Bool { name.wholeMatch(of: /.+\.[0-9a-z]{6,13}\.tmp/) != nil }

    /// Whether it is one of a certain file and not of another whose name begins like it.
    static func isName(_ name: String, for file: String) -> Bool {
        name.hasPrefix(file + ".") && isName(name) && !name.dropFirst(file.count + 1).dropLast(4).contains(".")
    }

    deinit { if !isCommitted { unlink(temporaryPath) } }

    /// For writers in C, which keep their own position in the file.
    var descriptor: Int32 { file.number }

    /// Adds bytes at the end.
    public func append(_ bytes: [UInt8]) throws(ImageFileError) {
        try file.write(bytes, at: length, named: path)
        length += bytes.count
    }

    /// Adds bytes at the end.
    public func append(_ buffer: UnsafeRawBufferPointer) throws(ImageFileError) {
        try file.write(buffer, at: length, named: path)
        length += buffer.count
    }

    /// Puts bytes anywhere, also beyond the end.
    func write(_ buffer: UnsafeRawBufferPointer, at offset: Int) throws(ImageFileError) { try file.write(buffer, at: offset, named: path) }

    /// Flushes to the disk and takes the final name.
    func commit() throws(ImageFileError) {
        try file.synchronize(named: path)
        guard rename(temporaryPath, path) == 0 else { throw .cannotWrite(path, errno: errno) }
        isCommitted = true
        synchronizeDirectory()
    }

    /// Makes the rename itself survive a power cut. Some network disks refuse; the file is whole all the same.
    private func synchronizeDirectory() {
        let directory = Folder.of(path)
        let number = open(directory.isEmpty ? "." : directory, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return }
        _ = fsync(number)
        _ = close(number)
    }
}

/// The content of a whole file.
func contents(of path: String) throws(ImageFileError) -> [UInt8] {
    let file = try FileDescriptor.reading(path)
    return try file.read(UInt8.self, count: try file.size(), at: 0)
}
